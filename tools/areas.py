"The areas of the package, bottom up: each imports only from those before it. Its place here is an area's number."

AREAS = [
    "core",
    "data",
    "training",
    "classifiers",
    "generators",
    "gans",
    "diffusion",
    "evaluate",
    "augment",
    "export",
    "study",
    "runs",
    "cli",
]
FOLDERS = {  # of pages that export nothing -> their section of the sidebar, which comes before the reference
    "tutorials": "Tutorials",
    "guides": "Guides",
    "evidence": "Results",
}
SIBLINGS = {"classifiers", "gans", "diffusion"}  # never import one another
PACKAGE = "gan_augmentation"


def numbered(area: str) -> str:
    "Return the name that the chapter and the folder of an area share: its number and its name."
    return f"{AREAS.index(area):02}_{area}"

"Reads back what services hold of a run, each in the same form: rows, numbers at the end, tables, pictures."

from pathlib import Path

from gan_augmentation.training.offline import read_offline

def number(value):
    "Read a number where it is one; what is missing is None."
    try:
        return float(value)
    except (TypeError, ValueError):
        return None if value in ("", "None", "nan") else value


def numbers_in(rows):
    return [{name: number(value) for name, value in row.items()} for row in rows]


def wandb_told(folder):
    "Read all offline directories of W&B in a folder, in the order in which they were begun."
    rows, found = {}, dict(summary={}, tables={})
    places = sorted(Path(folder).glob("wandb/offline-run-*"))  # ...-TIME-ID; a killed program may have left it empty
    ids, runs = [path.name.rpartition("-")[2] for path in places], [read_offline(path) for path in places]
    for run in runs:
        for step, row in run["history"].iterrows():
            rows.setdefault(step, {}).update(row.dropna().to_dict())
        found = {name: found[name] | run[name] for name in found}
    return dict(rows=rows, **found, ids=ids, pictures={name for run in runs for name in run["pictures"]})


def board_told(directory):
    "Read all event files of a directory."
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(directory), size_guidance=dict(tensors=0, images=0))
    events.Reload()
    rows, summary, tables = {}, {}, {}
    for tag in events.Tags()["tensors"]:
        for event in events.Tensors(tag):
            value = make_ndarray(event.tensor_proto)
            if tag.endswith("/text_summary"):
                tables[tag.removesuffix("/text_summary")] = read_markdown(value.item().decode())
            elif value.dtype.kind == "f":
                rows.setdefault(event.step, {})[tag] = summary[tag] = value.item()
    return dict(rows=rows, summary=summary, tables=tables, pictures=set(events.Tags()["images"]))


def read_markdown(text):
    "Read a table; a text that is none has no rows."
    lines = [line.strip("| ").split(" | ") for line in text.replace("\\|", "/").splitlines() if line.startswith("|")]
    return [dict(zip(lines[0], row)) for row in lines[2:]]


def mlflow_told(uri, run_id, scratch):
    "Ask a server for a run."
    import pandas as pd
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    run, rows = client.get_run(run_id), {}
    for name in run.data.metrics:
        for metric in client.get_metric_history(run_id, name):
            rows.setdefault(metric.step, {})[name] = metric.value
    names = [f.path for f in client.list_artifacts(run_id)]
    tables = {}
    for name in names:
        if name.endswith(".csv"):
            path = client.download_artifacts(run_id, name, str(scratch))
            table = pd.read_csv(path).astype(object)
            tables[name.removesuffix(".csv")] = table.where(table.notna(), None).to_dict("records")
    return dict(rows=rows, summary=run.data.metrics, tables=tables, pictures=set(names), status=run.info.status)

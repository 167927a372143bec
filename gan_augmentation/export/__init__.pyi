# Written by tools/stubs.py from __init__.py: edit the chapter's notebook, then run `make faces`.
from .config import ExportConfig as ExportConfig
from .config import QuantizeConfig as QuantizeConfig
from .runtime import OnnxClassifier as OnnxClassifier
from .runtime import OnnxGenerator as OnnxGenerator
from .runtime import read_about as read_about
from .metadata import read_onnx as read_onnx
from .exporter import export_onnx as export_onnx
from .quantize import quantize_onnx as quantize_onnx
from .cards import write_card as write_card
from .hub import push_to_hub as push_to_hub
from .web import build_page as build_page

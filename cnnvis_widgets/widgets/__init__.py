"""What the components need from Jupyter: one file each of Python, JavaScript and style."""

from cnnvis_widgets.widgets.architecture_diagram import ArchitectureDiagram
from cnnvis_widgets.widgets.boundary import Boundary
from cnnvis_widgets.widgets.channel_sum import ChannelSum
from cnnvis_widgets.widgets.cheater import Cheater
from cnnvis_widgets.widgets.comparer import Comparer
from cnnvis_widgets.widgets.comparer_grid import ComparerGrid
from cnnvis_widgets.widgets.conv_matrix import ConvMatrix
from cnnvis_widgets.widgets.convolution import Convolution
from cnnvis_widgets.widgets.course_index import CourseIndex
from cnnvis_widgets.widgets.deep_signal import DeepSignal
from cnnvis_widgets.widgets.descent import Descent
from cnnvis_widgets.widgets.drawing_pad import DrawingPad
from cnnvis_widgets.widgets.explanation_view import ExplanationView
from cnnvis_widgets.widgets.explorer import Explorer
from cnnvis_widgets.widgets.facts_table import FactsTable
from cnnvis_widgets.widgets.features_by_depth import FeaturesByDepth
from cnnvis_widgets.widgets.fit_plot import FitPlot
from cnnvis_widgets.widgets.glossary import Glossary
from cnnvis_widgets.widgets.growth import Growth
from cnnvis_widgets.widgets.guess import Guess
from cnnvis_widgets.widgets.guided_product import GuidedProduct
from cnnvis_widgets.widgets.inversions import Inversions
from cnnvis_widgets.widgets.layer_picker import LayerPicker
from cnnvis_widgets.widgets.local_line import LocalLine
from cnnvis_widgets.widgets.map_box import MapBox
from cnnvis_widgets.widgets.map_chain import MapChain
from cnnvis_widgets.widgets.method_picker import MethodPicker
from cnnvis_widgets.widgets.network_picker import NetworkPicker
from cnnvis_widgets.widgets.neuron_picker import NeuronPicker
from cnnvis_widgets.widgets.parameter_panel import ParameterPanel
from cnnvis_widgets.widgets.perceptron import Perceptron
from cnnvis_widgets.widgets.picture_picker import PicturePicker, Upload
from cnnvis_widgets.widgets.predictions import Predictions
from cnnvis_widgets.widgets.race import Race
from cnnvis_widgets.widgets.randomiser import Randomiser
from cnnvis_widgets.widgets.regulariser import Regulariser
from cnnvis_widgets.widgets.relevance_flow import RelevanceFlow
from cnnvis_widgets.widgets.relu_gates import ReluGates
from cnnvis_widgets.widgets.scene_controls import SceneControls
from cnnvis_widgets.widgets.scoreboard import Scoreboard
from cnnvis_widgets.widgets.tangent import Tangent
from cnnvis_widgets.widgets.threshold import Threshold
from cnnvis_widgets.widgets.train_controls import TrainControls
from cnnvis_widgets.widgets.training_room import TrainingRoom
from cnnvis_widgets.widgets.unpooling import Unpooling

__all__ = [
    "ArchitectureDiagram",
    "Boundary",
    "ChannelSum",
    "Cheater",
    "Comparer",
    "ComparerGrid",
    "ConvMatrix",
    "Convolution",
    "CourseIndex",
    "DeepSignal",
    "Descent",
    "DrawingPad",
    "ExplanationView",
    "Explorer",
    "FactsTable",
    "FeaturesByDepth",
    "FitPlot",
    "Glossary",
    "Growth",
    "Guess",
    "GuidedProduct",
    "Inversions",
    "LayerPicker",
    "LocalLine",
    "MapBox",
    "MapChain",
    "MethodPicker",
    "NetworkPicker",
    "NeuronPicker",
    "ParameterPanel",
    "Perceptron",
    "PicturePicker",
    "Predictions",
    "Race",
    "Randomiser",
    "Regulariser",
    "RelevanceFlow",
    "ReluGates",
    "SceneControls",
    "Scoreboard",
    "Tangent",
    "Threshold",
    "TrainControls",
    "TrainingRoom",
    "Unpooling",
    "Upload",
]

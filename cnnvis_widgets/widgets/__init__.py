"""What the components need from Jupyter: one file each of Python, JavaScript and style."""

from cnnvis_widgets.widgets.comparison.blind_scoring import BlindScoring
from cnnvis_widgets.widgets.comparison.comparer import Comparer
from cnnvis_widgets.widgets.comparison.comparer_grid import ComparerGrid
from cnnvis_widgets.widgets.comparison.rater_key import RaterKey
from cnnvis_widgets.widgets.comparison.scoreboard import Scoreboard
from cnnvis_widgets.widgets.course.course_index import CourseIndex
from cnnvis_widgets.widgets.course.glossary import Glossary
from cnnvis_widgets.widgets.course.scene_controls import SceneControls
from cnnvis_widgets.widgets.course.shortcut_quiz import ShortcutQuiz
from cnnvis_widgets.widgets.course.train_controls import TrainControls
from cnnvis_widgets.widgets.course.training_room import TrainingRoom
from cnnvis_widgets.widgets.exhibits.architecture_diagram import ArchitectureDiagram
from cnnvis_widgets.widgets.exhibits.channel_sum import ChannelSum
from cnnvis_widgets.widgets.exhibits.conv_matrix import ConvMatrix
from cnnvis_widgets.widgets.exhibits.convolution import Convolution
from cnnvis_widgets.widgets.exhibits.decision_boundary import DecisionBoundary
from cnnvis_widgets.widgets.exhibits.descent import Descent
from cnnvis_widgets.widgets.exhibits.drawing_pad import DrawingPad
from cnnvis_widgets.widgets.exhibits.features_by_depth import FeaturesByDepth
from cnnvis_widgets.widgets.exhibits.fit_plot import FitPlot
from cnnvis_widgets.widgets.exhibits.guided_product import GuidedProduct
from cnnvis_widgets.widgets.exhibits.inversions import Inversions
from cnnvis_widgets.widgets.exhibits.lime_2d import Lime2D
from cnnvis_widgets.widgets.exhibits.map_box import MapBox
from cnnvis_widgets.widgets.exhibits.map_chain import MapChain
from cnnvis_widgets.widgets.exhibits.optimizer_race import OptimizerRace
from cnnvis_widgets.widgets.exhibits.perceptron import Perceptron
from cnnvis_widgets.widgets.exhibits.randomiser import Randomiser
from cnnvis_widgets.widgets.exhibits.regulariser import Regulariser
from cnnvis_widgets.widgets.exhibits.relevance_flow import RelevanceFlow
from cnnvis_widgets.widgets.exhibits.relu_gates import ReluGates
from cnnvis_widgets.widgets.exhibits.signal_propagation import SignalPropagation
from cnnvis_widgets.widgets.exhibits.tangent import Tangent
from cnnvis_widgets.widgets.exhibits.threshold import Threshold
from cnnvis_widgets.widgets.exhibits.unpooling import Unpooling
from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView
from cnnvis_widgets.widgets.explorer.explorer import Explorer
from cnnvis_widgets.widgets.explorer.layer_picker import LayerPicker
from cnnvis_widgets.widgets.explorer.method_picker import MethodPicker
from cnnvis_widgets.widgets.explorer.network_picker import NetworkPicker
from cnnvis_widgets.widgets.explorer.neuron_picker import NeuronPicker
from cnnvis_widgets.widgets.explorer.parameter_panel import ParameterPanel
from cnnvis_widgets.widgets.explorer.picture_picker import PicturePicker, Upload
from cnnvis_widgets.widgets.explorer.predictions import Predictions
from cnnvis_widgets.widgets.toolkit.facts_table import FactsTable
from cnnvis_widgets.widgets.toolkit.optimization_history import OptimizationHistory
from cnnvis_widgets.widgets.toolkit.quiz import Quiz

__all__ = [
    "ArchitectureDiagram",
    "BlindScoring",
    "ChannelSum",
    "Comparer",
    "ComparerGrid",
    "ConvMatrix",
    "Convolution",
    "CourseIndex",
    "DecisionBoundary",
    "Descent",
    "DrawingPad",
    "ExplanationView",
    "Explorer",
    "FactsTable",
    "FeaturesByDepth",
    "FitPlot",
    "Glossary",
    "GuidedProduct",
    "Inversions",
    "LayerPicker",
    "Lime2D",
    "MapBox",
    "MapChain",
    "MethodPicker",
    "NetworkPicker",
    "NeuronPicker",
    "OptimizationHistory",
    "OptimizerRace",
    "ParameterPanel",
    "Perceptron",
    "PicturePicker",
    "Predictions",
    "Quiz",
    "Randomiser",
    "RaterKey",
    "Regulariser",
    "RelevanceFlow",
    "ReluGates",
    "SceneControls",
    "Scoreboard",
    "ShortcutQuiz",
    "SignalPropagation",
    "Tangent",
    "Threshold",
    "TrainControls",
    "TrainingRoom",
    "Unpooling",
    "Upload",
]

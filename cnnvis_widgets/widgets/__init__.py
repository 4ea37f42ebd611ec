"""What the components need from Jupyter: one file each of Python, JavaScript and style."""

from cnnvis_widgets.widgets.channel_sum import ChannelSum
from cnnvis_widgets.widgets.cheater import Cheater
from cnnvis_widgets.widgets.explanation_view import ExplanationView
from cnnvis_widgets.widgets.explorer import Explorer
from cnnvis_widgets.widgets.growth import Growth
from cnnvis_widgets.widgets.guess import Guess
from cnnvis_widgets.widgets.layer_picker import LayerPicker
from cnnvis_widgets.widgets.method_picker import MethodPicker
from cnnvis_widgets.widgets.network_picker import NetworkPicker
from cnnvis_widgets.widgets.neuron_picker import NeuronPicker
from cnnvis_widgets.widgets.parameter_panel import ParameterPanel
from cnnvis_widgets.widgets.picture_picker import PicturePicker, Upload
from cnnvis_widgets.widgets.predictions import Predictions
from cnnvis_widgets.widgets.scene_controls import SceneControls
from cnnvis_widgets.widgets.train_controls import TrainControls
from cnnvis_widgets.widgets.training_room import TrainingRoom

__all__ = [
    "ChannelSum",
    "Cheater",
    "ExplanationView",
    "Explorer",
    "Growth",
    "Guess",
    "LayerPicker",
    "MethodPicker",
    "NetworkPicker",
    "NeuronPicker",
    "ParameterPanel",
    "PicturePicker",
    "Predictions",
    "SceneControls",
    "TrainControls",
    "TrainingRoom",
    "Upload",
]

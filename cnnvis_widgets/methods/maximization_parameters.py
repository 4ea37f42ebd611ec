"""The parameters of activation maximisation.

The defaults make the clearest pictures that were found on EfficientNet-Lite0 (see
docs/activation_maximization.md for how they were found). The powers of the penalties, and the
lengths and differences of colours at which each costs 1, are Mahendran & Vedaldi's (2016).
"""

from __future__ import annotations

from cnnvis_widgets.methods.parameter import Parameter

STEPS = Parameter(
    "steps",
    "Steps",
    "integer",
    200,
    "how many steps of gradient ascent; a shorter run is the beginning of a longer one",
    1,
    2000,
    10,
    unit="steps",
)
RATE = Parameter(
    "rate",
    "Step size",
    "float",
    0.07,
    "how far a step goes (Adam's learning rate, in the parametrisation's own numbers)",
    0.001,
    1.0,
    0.005,
)
GOAL = Parameter(
    "goal",
    "Goal",
    "choice",
    "neuron",
    "neuron: this neuron's activation; layer: the mean square of all activations of its layer",
    choices=("neuron", "layer"),
)
START = Parameter(
    "start",
    "Start",
    "choice",
    "noise",
    "noise: grey with faint noise, as published; picture: the picture that was given",
    choices=("noise", "picture"),
)
PARAMETRISATION = Parameter(
    "parametrisation",
    "Parametrisation",
    "choice",
    "fourier",
    "fourier: the steps change waves, the coarse ones most; pixels: they change each place alone",
    choices=("fourier", "pixels"),
)
COLOURS = Parameter(
    "colours",
    "Colours",
    "choice",
    "decorrelated",
    "decorrelated: light, blue–orange and green–magenta change independently; plain: the channels",
    choices=("decorrelated", "plain"),
)
FALL = Parameter(
    "fall",
    "Frequency decay",
    "float",
    1.0,
    "finer waves change less: by 1 / frequency to the power of this; more gives a softer picture",
    0.0,
    3.0,
    0.1,
)
ZOOM = Parameter(
    "zoom",
    "Largest zoom",
    "float",
    1.7,
    "each step shows the network a part of the picture, enlarged 1 to this many times",
    1.0,
    8.0,
    0.1,
)
JITTER = Parameter(
    "jitter",
    "Jitter",
    "float",
    16.0,
    "by how many pixels of 224 a step's view may be moved beyond the border",
    0.0,
    112.0,
    1.0,
    unit="pixels",
)
NOISE = Parameter(
    "noise",
    "Noise",
    "float",
    0.05,
    "standard deviation of what each step adds to its view, as a share of black to white",
    0.0,
    1.0,
    0.01,
)
OCTAVES = Parameter(
    "octaves",
    "Octaves",
    "integer",
    1,
    "coarse to fine: how many times the finest frequency doubles on the way",
    1,
    6,
    1,
    unit="octaves",
)
OCTAVE_STEPS = Parameter(
    "octave_steps",
    "Steps an octave",
    "integer",
    40,
    "how many steps each octave lasts but the last, which gets the rest",
    1,
    1000,
    10,
    unit="steps",
)
PULL = Parameter(
    "pull",
    "Pull",
    "float",
    300.0,
    "how much the activation counts beside the two penalties",
    0.1,
    10000.0,
    10.0,
)
NORM_POWER = Parameter(
    "norm_power",
    "Power of the norm",
    "float",
    6.0,
    "α: colours of a typical length of 80 grey levels cost 1, extreme ones to the power of this",
    1.0,
    10.0,
    1.0,
)
NORM_WEIGHT = Parameter(
    "norm_weight",
    "Weight of the norm",
    "float",
    0.1,
    "how much the mean of |x|^α counts; published: 1, at which colours come out pale",
    0.0,
    1000.0,
    0.1,
)
VARIATION_POWER = Parameter(
    "variation_power",
    "Power of the variation",
    "float",
    2.0,
    "β: 1 keeps edges and allows spikes, 2 is smoother",
    1.0,
    4.0,
    0.1,
)
VARIATION_WEIGHT = Parameter(
    "variation_weight",
    "Weight of the variation",
    "float",
    1.0,
    "how much total variation counts; published: 1",
    0.0,
    1000.0,
    0.1,
)
PARAMETERS = (
    STEPS,
    GOAL,
    START,
    PARAMETRISATION,
    COLOURS,
    FALL,
    ZOOM,
    JITTER,
    NOISE,
    OCTAVES,
    OCTAVE_STEPS,
    PULL,
    NORM_POWER,
    NORM_WEIGHT,
    VARIATION_POWER,
    VARIATION_WEIGHT,
    RATE,
)

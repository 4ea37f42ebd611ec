"""One published figure of merit a module; `cnnvis_widgets.study.contract` is what they share."""

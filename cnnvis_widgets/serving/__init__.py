"""The notebooks as pages through Voilà, or in JupyterLab."""

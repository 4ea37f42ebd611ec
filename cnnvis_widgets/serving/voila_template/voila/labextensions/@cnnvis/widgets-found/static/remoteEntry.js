// An extension of Voilà's page, without a build step. Voilà finds it beside our page template.
//
// Voilà draws the outputs of a notebook at once and asks its kernel for the widgets meanwhile; what
// is not found is drawn when they are there ("restored"). From 8.1.9 on, ipywidgets' `get_model`
// looks for an unknown widget every 100 ms for 2 s before it says so. On a busy machine the widgets
// arrive while it sleeps for the last time: then it is too late for that drawing, and the drawing is
// too late for the other one; "Error displaying widget: model not found" stays on the page. So, as
// before 8.1.9: until the widgets are there, what is unknown is said to be so at once.

function mend(manager) {
  const look = manager.get_model.bind(manager);
  manager.get_model = async (id) => {
    if (manager.has_model(id) || manager.restoredStatus) return look(id);
    throw new Error("The kernel has not told of this widget yet.");
  };
}

const plugin = {
  id: "@cnnvis/widgets-found:plugin",
  autoStart: true,
  // Not awaited: where there is no kernel, there is never a manager, and the page shall start.
  activate: (app) => void app.widgetManagerPromise?.promise.then(mend),
};

const extensions = (window._JUPYTERLAB ??= {});
extensions["@cnnvis/widgets-found"] = {
  init: () => {},
  get: async () => () => ({ __esModule: true, default: plugin }),
};

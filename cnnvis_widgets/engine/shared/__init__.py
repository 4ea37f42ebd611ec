"""An engine on a Dask cluster that many visitors share.

A page's kernel (`client`) sends serialized requests (`serialization`) to the broker in the
scheduler's process (`broker`), which decides who is served next, and by which worker (`runner`).
"""

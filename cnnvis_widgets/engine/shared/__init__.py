"""An engine on a Dask cluster that many visitors share.

A page's kernel (`client`) sends requests as parcels (`parcels`) to the broker in the scheduler's
process (`broker`), which decides who is served next, and by which worker (`runner`).
"""

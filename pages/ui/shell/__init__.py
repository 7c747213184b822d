"""What stands around every page: the frame, the journey, the entrance, the job bar, the addresses.

Images are addresses (`widgets/pictures`), served by `routes`, never bytes in a session. So are the journal
and the copied clean set: what a deferred `st.download_button` makes is gone with the second run of any page.

A page reads the run first and asks for its job afterwards; a job that ends in between leaves no bar to wait for. So the
frame remembers what it drew, and draws again when a stage has been finished since.

A dialog is open as long as the session says so (`frame.DIALOG`): any redraw of the page would close it otherwise.
`app.py` is both the script and the ASGI app, told apart by `__name__`, so that `streamlit run app.py` serves images,
too.
"""

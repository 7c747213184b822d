"""Who may come in, and what each may read and do.

Sign-in is Streamlit's. `shell/entrance` asks who is there before anything else is read. `doors` is the middleware that
keeps images, downloads and uploads behind the same signed cookie, and ends a start that strangers could reach. It lets
over the websocket only what its visitor may ask for now. `headers` is what it tells the browser with every answer.
`people` decides on roles. Whatever changes something wears `who.decides`; a layer test finds what does not.
"""

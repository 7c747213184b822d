"""Widgets of our own that know nothing of runs.

Maps are ECharts (`scatter`): the browser sends the lasso's polygon, and `core/analysis/brush` decides membership on
the server, by id. Loss curves are ECharts, too (`curve_option`): Plotly's script is four times as long, and Review
would wait.

The gallery is a small component (`assets/gallery.js`) that answers a click at once and tells the server afterwards.
It numbers what is done in it and sends it until it is answered. The server ticks an event off right before its
commit, so nothing pressed is lost or done twice. A gallery with keys outlives a rebuilt page, and a key pressed in
between waits for it. The place drawn last holds it: Streamlit may call the one that is left once more with what it
showed before.

What is refused is said in one way (`refusal`): at once, or kept until the place that it belongs to is drawn.

A request carries the address as the browser showed it when it was sent, and a part that draws itself every second
sends such requests all the time. So what a page writes into the address it reads back with `address`, or it may be
gone again. A request carries what all widgets showed, too, and Streamlit calls the callback of each that differs,
even of one that has left the page. So a widget that shows what is kept elsewhere is made with `bound`, or an old
value comes back as a choice.
"""

"""Parts of the Review and Bona fide pages.

The review's desk is a fragment, so a verdict redraws it alone. It looks every two seconds for what others decided,
and redraws the page when the reviewer pauses. Python collects its own garbage (`postScriptGC`): a full collection
after every click cost more than most answers.
"""

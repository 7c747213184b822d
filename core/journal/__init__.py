"""What people decided: verdicts, bona fide sets and revisions, in a database that only grows.

`database` opens it and brings its schema up to date, `tables` says what a row holds, `review` and `revisions` read and
append. Nothing is changed or deleted: undo, redo and going back append. Writers of one workspace take turns, so row
numbers follow the order of the commits. `workspace.id` tells workspaces apart in a shared database.
"""

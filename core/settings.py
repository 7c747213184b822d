"""The names of the environment variables that people set, each with what it is for."""

# The option, and no variable, with which a worker is told that variables come through its standard input.
HANDED = "--handed"

# The folder of runs and data sets; by default `workspace` where Assay was started.
WORKSPACE = "ASSAY_WORKSPACE"
# Where decisions are kept, an address of SQLite or PostgreSQL; by default in the workspace. It may hold a password.
DATABASE = "ASSAY_DATABASE"
# Folders that the pages may read data from, separated as in PATH; the command line reads what its user may.
DATA = "ASSAY_DATA"
# Python files whose functions become models, separated as in PATH; only the command line may name them.
ARCHITECTURES = "ASSAY_ARCHITECTURES"
# Whose name stands beside the decisions of a server without sign-in; by default the user of the machine.
REVIEWER = "ASSAY_REVIEWER"
# The device that networks and detectors compute on, such as `cpu` or `cuda:1`; by default the first GPU, else the CPU.
DEVICE = "ASSAY_DEVICE"
# Anything but "" and "0" keeps the demo from being trained in an empty workspace.
NO_DEMO = "ASSAY_NO_DEMO"
# "1" lets a server that strangers could reach start without sign-in.
ALLOW_ANYONE = "ASSAY_ALLOW_ANYONE"
# Gigabytes that a worker which reads files of strangers may hold at most.
MOST_MEMORY = "ASSAY_MOST_MEMORY"
# Minutes of the processor that such a worker may take at most.
MOST_MINUTES = "ASSAY_MOST_MINUTES"
# How many such workers may be at work at once.
MOST_READERS = "ASSAY_MOST_READERS"

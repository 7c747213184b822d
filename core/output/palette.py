"""Every colour with a meaning, once. The theme in `.streamlit/config.toml` repeats them, and a test compares the two.

Vermillion means poison and nothing else. The class colours keep 30° of hue away from it, stay apart under protanopia
and deuteranopia (at least 0.07 in OKLab) and show on near-white and on near-black ground alike.
"""

POISON = "#D55E00"
ACCENT = "#0E7C86"
ACCENT_ON_DARK = "#2B95A0"
GREY = "#8A9499"

# What is known to be clean, or was kept: on each ground apart from the grey of most points by its brightness, too.
TRUSTED = {"light": ACCENT, "dark": "#5CCBD6"}

# Neighbours in this order are far apart, so the first few classes of a small data set are the easiest to tell.
CLASSES = (
    "#4477AA",
    "#009988",
    "#AA3377",
    "#BBCC33",
    "#8C78D8",
    "#88CCEE",
    "#3F51B5",
    "#FFAABB",
    "#7FC97F",
    "#77AADD",
)

# From dark to bright, evenly for every kind of sight: viridis without its ends, which one of the grounds would swallow.
RAMP = ("#482878", "#3E4A89", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#B4DE2C")

KEPT = ACCENT
EXCLUDED = POISON
RELABELLED = "#8C5FBF"
FLAGGED = POISON
# Beside a word and a shape of their own, far from the other verdicts for every kind of sight.
UNSURE = "#AAAA09"
TAKEN = "#85B6E0"

GROUND = {"light": "#FBFCFC", "dark": "#101618"}
INK = {"light": "#1B2427", "dark": "#E6ECEE"}

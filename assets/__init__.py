"""Files that come with the program: the example, the icons, the translations and the recorder."""

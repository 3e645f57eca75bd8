# The built-in world.

a world is not read with the folder

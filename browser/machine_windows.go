package browser

const openFlags = 0

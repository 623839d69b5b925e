package graph

// MaxTries bounds how many others a controller is compared with.
const MaxTries = 64

// Package tune sets how Go and the kernel run a process that decides, by what
// was measured. Neither setting changes what it does.
package tune

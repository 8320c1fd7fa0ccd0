"""Numbers and machines: devices, formats, error measurement, the exact reference, and applying kernels to arrays."""

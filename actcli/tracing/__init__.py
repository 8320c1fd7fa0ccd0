"""What a kernel computes, written down: it is run once over symbols, and the graph of its operations is spelled out.

Other languages' files come from here (`derive --emit`), and kernels compiled into one loop (`implementations/fused`).
"""

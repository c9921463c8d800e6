# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the suites that run inside an enclave share. Standard library only."""

// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the fake helper and the tests that look at its work agree on. */
#pragma once

#include <linux/capability.h>
#include <stdint.h>

#define FAKE_DIRECTORY "/mnt" /* a tmpfs, in the tests' own mount namespace */
#define FAKE_LOG       FAKE_DIRECTORY "/log"
#define FAKE_CGROUP    FAKE_DIRECTORY "/cgroup.procs"
#define FAKE_HOSTNAME  "inside"
#define FAKE_CAPS_KEPT (UINT64_C(1) << CAP_NET_BIND_SERVICE)

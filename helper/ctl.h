// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confinectl's verbs: each is a function of one file, ctl_VERB.c, called with its own arguments
 * (argv[0] is the verb). Returns the exit status: 0 fine, 1 something is wrong, 2 wrong use;
 * "run" returns the command's.
 */
#pragma once

enum ctl_status { CTL_FINE, CTL_WRONG, CTL_USAGE };

int ctl_check(int argc, char **argv);
int ctl_explain(int argc, char **argv);
int ctl_kill(int argc, char **argv);
int ctl_list(int argc, char **argv);
int ctl_pam(int argc, char **argv);
int ctl_run(int argc, char **argv);
int ctl_status(int argc, char **argv);

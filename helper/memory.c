// SPDX-License-Identifier: LGPL-2.1-or-later
#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/memory.h"

/* Only what cannot have been written: data, relocated or not, would be lost. */
static int give_back(struct dl_phdr_info *program, size_t size, void *data)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size, (void)data;
	for (int i = 0; i < program->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &program->dlpi_phdr[i];
		uintptr_t start = (program->dlpi_addr + header->p_vaddr) & ~(page - 1);
		uintptr_t end =
			(program->dlpi_addr + header->p_vaddr + header->p_memsz) & ~(page - 1);

		if (header->p_type == PT_LOAD && !(header->p_flags & PF_W) && start < end)
			madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 1; /* the first is the program itself; libraries are shared with everybody */
}

void memory_give_back(void)
{
	malloc_trim(0);
	dl_iterate_phdr(give_back, NULL);
}

/* SPDX-FileCopyrightText: The x509up authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Preloaded into servers that bind to every address of the machine and have no option for less. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_storage loopback;

	if (size > sizeof loopback) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&loopback, address, size);
	if (loopback.ss_family == AF_INET)
		((struct sockaddr_in *)&loopback)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (loopback.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&loopback)->sin6_addr = in6addr_loopback;
	return syscall(SYS_bind, fd, &loopback, size);
}

/* SPDX-FileCopyrightText: The x509up authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Preloaded into voms-server, for two things that it has no option for. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* It binds to every address of the machine: let that be the loopback address of the family. */
int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_storage loopback;

	if (size > sizeof loopback)
		return -1;
	memcpy(&loopback, address, size);
	if (loopback.ss_family == AF_INET)
		((struct sockaddr_in *)&loopback)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (loopback.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&loopback)->sin6_addr = in6addr_loopback;
	return syscall(SYS_bind, fd, &loopback, size);
}

/* Its plugin takes a column for NULL when the field is_null is set, which MySQL's client library never sets by
   itself. MariaDB's, which Debian builds the plugin with, sets it for every column that is not NULL, so that all
   generic attributes would come out empty and without a qualifier. */
struct column {
	unsigned long *length;
	char *is_null; /* more follows */
};

int mysql_stmt_fetch_column(void *statement, struct column *column, unsigned int number, unsigned long offset)
{
	void *library = dlopen("libmariadb.so.3", RTLD_LAZY | RTLD_NOLOAD); /* with the plugin, out of reach of RTLD_NEXT */
	int (*fetch)(void *, struct column *, unsigned int, unsigned long) = dlsym(library, "mysql_stmt_fetch_column");
	char *callers = column->is_null;
	int failed = fetch(statement, column, number, offset);

	column->is_null = callers;
	return failed;
}

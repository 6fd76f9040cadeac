/* SPDX-FileCopyrightText: The x509up authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Preloaded into voms-server. */
#define _GNU_SOURCE
#include <dlfcn.h>

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

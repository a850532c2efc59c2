// MariaDB: connections, and prepared statements whose buffers are bound once.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

// The session's settings are those of Sources/MediaDatabase/Session.swift.
static const char session_sql[] =
    "SET SESSION time_zone = '+00:00', tx_isolation = 'REPEATABLE-READ', "
    "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 4, max_statement_time = 4.5";

void fail(const char *what, const char *why) {
    fprintf(stderr, "peer: %s: %s\n", what, why);
    exit(1);
}

MYSQL *connect_database(const struct database *database) {
    unsigned int connect_timeout = 2, answer_timeout = 5;
    MYSQL *connection = mysql_init(NULL);
    mysql_optionsv(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
    mysql_optionsv(connection, MYSQL_OPT_READ_TIMEOUT, &answer_timeout);
    mysql_optionsv(connection, MYSQL_OPT_WRITE_TIMEOUT, &answer_timeout);
    mysql_optionsv(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_optionsv(connection, MYSQL_INIT_COMMAND, session_sql);
    if (!mysql_real_connect(connection, NULL, database->user, database->password, database->name, 0, database->socket,
                            0))
        fail("connect", mysql_error(connection));
    return connection;
}

void prepare(MYSQL *connection, struct lookup *lookup, const char *sql, struct column *columns, int count,
             struct column *more_columns, int more_count) {
    MYSQL_BIND parameters[max_parameters], results[32];
    memset(parameters, 0, sizeof parameters);
    memset(results, 0, sizeof results);
    for (int i = 0; i < max_parameters; i++) {
        parameters[i].buffer_type = MYSQL_TYPE_STRING;
        parameters[i].buffer = lookup->parameters[i];
        parameters[i].buffer_length = sizeof lookup->parameters[i];
        parameters[i].length = &lookup->lengths[i];
    }
    for (int i = 0; i < count + more_count; i++) {
        struct column *column = i < count ? &columns[i] : &more_columns[i - count];
        results[i].buffer_type = column->type;
        results[i].buffer = column->buffer;
        results[i].buffer_length = column->size;
        results[i].length = &column->length;
        results[i].is_null = &column->is_null;
        results[i].error = &column->is_truncated;
    }
    lookup->statement = mysql_stmt_init(connection);
    if (!lookup->statement || mysql_stmt_prepare(lookup->statement, sql, strlen(sql)) ||
        mysql_stmt_bind_param(lookup->statement, parameters) || mysql_stmt_bind_result(lookup->statement, results))
        fail("prepare", mysql_error(connection));
}

int look_up(struct lookup *lookup, const char *const *parameters, int count) {
    for (int i = 0; i < count; i++) {
        lookup->lengths[i] = strnlen(parameters[i], max_parameter);
        memcpy(lookup->parameters[i], parameters[i], lookup->lengths[i]);
    }
    if (mysql_stmt_execute(lookup->statement)) return -1;
    int result = mysql_stmt_fetch(lookup->statement);
    mysql_stmt_free_result(lookup->statement);
    return result == 0 || result == MYSQL_DATA_TRUNCATED ? 1 : result == MYSQL_NO_DATA ? 0 : -1;
}

bool is_text(const struct column *column, const char *text) {
    return column->length == strlen(text) && memcmp(column->buffer, text, column->length) == 0;
}

// MariaDB Connector/C.
#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>

// mysql_optionsv is variadic, which Swift can't call: one shim for each argument type that is used here.
static inline int media_mysql_option_uint(MYSQL *mysql, enum mysql_option option, unsigned int value) {
    return mysql_optionsv(mysql, option, (void *)&value);
}

static inline int media_mysql_option_string(MYSQL *mysql, enum mysql_option option, const char *value) {
    return mysql_optionsv(mysql, option, (void *)value);
}

static inline int media_mysql_option_bool(MYSQL *mysql, enum mysql_option option, int value) {
    my_bool flag = value ? 1 : 0;
    return mysql_optionsv(mysql, option, (void *)&flag);
}

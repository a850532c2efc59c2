internal import CMariaDB
internal import MediaCore

/// A prepared statement.
@safe
final class Statement {
    private let handle: UnsafeMutablePointer<MYSQL_STMT>
    private let columns: [Column]
    private let results: UnsafeMutableBufferPointer<MYSQL_BIND>
    private let inputs: ParameterBuffer
    private var areResultsBound = false
    /// When its connection last used it, as that counts.
    var lastUse = 0

    /// Takes `handle` over and prepares it.
    ///
    /// - Parameter buffers: of its connection.
    init(_ handle: UnsafeMutablePointer<MYSQL_STMT>, sql: String, _ buffers: RowBuffers) throws(MariaDBError) {
        guard unsafe mysql_stmt_prepare(handle, sql, UInt(sql.utf8.count)) == 0 else {
            defer { unsafe mysql_stmt_close(handle) }
            throw unsafe Self.error(handle)
        }
        unsafe self.handle = handle
        inputs = ParameterBuffer(count: Int(unsafe mysql_stmt_param_count(handle)))
        columns = unsafe Self.columns(of: handle, buffers)
        unsafe results = .allocate(capacity: columns.count)
        unsafe results.initialize(repeating: MYSQL_BIND())
        for (index, column) in columns.enumerated() { unsafe column.bind(to: &results[index]) }
    }

    deinit {
        unsafe mysql_stmt_close(handle)
        unsafe results.deallocate()
    }

    /// Runs the statement.
    ///
    /// - Returns: how many rows it matched.
    func execute(_ parameters: [Value]) throws(MariaDBError) -> Int {
        try send(parameters)
        return Int(unsafe mysql_stmt_affected_rows(handle))
    }

    /// Runs the statement and maps each row as it arrives; a row is valid in `map` only.
    func query<T>(
        _ parameters: [Value], _ map: (Row) throws(MariaDBError) -> T
    ) throws(MariaDBError) -> [T] {
        try send(parameters)
        var hasOverflow = false
        defer {
            unsafe mysql_stmt_free_result(handle)
            if hasOverflow { for column in columns { column.dropOverflow() } }
        }
        if !areResultsBound {
            guard unsafe mysql_stmt_bind_result(handle, results.baseAddress) == 0 else {
                throw unsafe Self.error(handle)
            }
            areResultsBound = true
        }
        var rows: [T] = []
        while true {
            switch unsafe mysql_stmt_fetch(handle) {
            case 0: rows.append(try map(Row(columns: columns)))
            case MYSQL_NO_DATA: return rows
            case MYSQL_DATA_TRUNCATED:
                hasOverflow = true
                for (index, column) in columns.enumerated() where column.isTruncated {
                    guard unsafe column.fetchWhole(handle, index: UInt32(index)) else {
                        throw unsafe Self.error(handle)
                    }
                }
                rows.append(try map(Row(columns: columns)))
            default: throw unsafe Self.error(handle)
            }
        }
    }

    private func send(_ parameters: [Value]) throws(MariaDBError) {
        precondition(parameters.count == inputs.count, "the statement has \(inputs.count) parameters")
        if !parameters.isEmpty, let bindings = unsafe inputs.fill(parameters) {
            guard unsafe mysql_stmt_bind_param(handle, bindings) == 0 else { throw unsafe Self.error(handle) }
        }
        guard unsafe mysql_stmt_execute(handle) == 0 else { throw unsafe Self.error(handle) }
    }

    private static func columns(of handle: UnsafeMutablePointer<MYSQL_STMT>, _ buffers: RowBuffers) -> [Column] {
        guard let metadata = unsafe mysql_stmt_result_metadata(handle) else { return [] }
        defer { unsafe mysql_free_result(metadata) }
        guard let fields = unsafe mysql_fetch_fields(metadata) else { return [] }
        return (0..<Int(unsafe mysql_num_fields(metadata))).map { unsafe Column(fields[$0], buffers, index: $0) }
    }

    private static func error(_ handle: UnsafeMutablePointer<MYSQL_STMT>) -> MariaDBError {
        // What the server says behind a result's metadata, libmariadb notes with the connection only.
        if unsafe mysql_stmt_errno(handle) == 0, let connection = unsafe handle.pointee.mysql {
            return MariaDBError(
                code: .init(rawValue: unsafe mysql_errno(connection)),
                sqlState: unsafe String(cString: mysql_sqlstate(connection)),
                message: unsafe String(cString: mysql_error(connection)))
        }
        return MariaDBError(
            code: .init(rawValue: unsafe mysql_stmt_errno(handle)),
            sqlState: unsafe String(cString: mysql_stmt_sqlstate(handle)),
            message: unsafe String(cString: mysql_stmt_error(handle)))
    }
}

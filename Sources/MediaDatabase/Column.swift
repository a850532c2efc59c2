internal import CMariaDB
internal import MediaCore

/// One column of a statement's rows, and where its values arrive.
@safe
final class Column {
    private struct State {
        var length: UInt = 0
        var isNull: my_bool = 0
        var isTruncated: my_bool = 0
    }

    let name: String
    private let type: enum_field_types
    /// Keeps `buffer`.
    private let buffers: RowBuffers
    private let buffer: UnsafeMutableRawBufferPointer
    private let state: UnsafeMutablePointer<State>

    init(_ field: MYSQL_FIELD, _ buffers: RowBuffers, index: Int) {
        name = unsafe String(cString: field.name)
        switch unsafe field.type {
        case MYSQL_TYPE_TINY, MYSQL_TYPE_SHORT, MYSQL_TYPE_LONG, MYSQL_TYPE_INT24, MYSQL_TYPE_LONGLONG, MYSQL_TYPE_YEAR:
            type = MYSQL_TYPE_LONGLONG
        case MYSQL_TYPE_DATETIME, MYSQL_TYPE_TIMESTAMP: type = MYSQL_TYPE_DATETIME
        default: type = MYSQL_TYPE_STRING
        }
        self.buffers = buffers
        unsafe buffer = buffers[index]
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State())
    }

    deinit {
        unsafe state.deallocate()
    }

    var isTruncated: Bool { unsafe state.pointee.isTruncated != 0 && state.pointee.isNull == 0 }

    func bind(to binding: inout MYSQL_BIND) {
        unsafe binding = MYSQL_BIND()
        unsafe binding.buffer_type = type
        unsafe binding.buffer = buffer.baseAddress
        unsafe binding.buffer_length = UInt(buffer.count)
        // Pointers into one allocation that lives as long as the column does.
        let base = unsafe UnsafeMutableRawPointer(state)
        unsafe binding.length = base.advanced(by: MemoryLayout<State>.offset(of: \.length) ?? 0)
            .assumingMemoryBound(to: UInt.self)
        unsafe binding.is_null = base.advanced(by: MemoryLayout<State>.offset(of: \.isNull) ?? 0)
            .assumingMemoryBound(to: my_bool.self)
        unsafe binding.error = base.advanced(by: MemoryLayout<State>.offset(of: \.isTruncated) ?? 0)
            .assumingMemoryBound(to: my_bool.self)
    }

    /// Fetches a value that didn't fit, into a buffer of its size that this row alone uses.
    func fetchWhole(_ statement: UnsafeMutablePointer<MYSQL_STMT>, index: UInt32) -> Bool {
        let size = Int(unsafe state.pointee.length)
        overflow = [UInt8](repeating: 0, count: size)
        return unsafe overflow.withUnsafeMutableBytes { bytes in
            var binding = unsafe MYSQL_BIND()
            unsafe bind(to: &binding)
            unsafe binding.buffer = bytes.baseAddress
            unsafe binding.buffer_length = UInt(size)
            return unsafe mysql_stmt_fetch_column(statement, &binding, index, 0) == 0
        }
    }

    /// The value of the last row where it was longer than the buffer.
    private var overflow: [UInt8] = []

    /// Gives back what a long value took.
    func dropOverflow() { overflow = [] }

    var isNull: Bool { unsafe state.pointee.isNull != 0 }

    var integer: Int64 {
        precondition(type == MYSQL_TYPE_LONGLONG, "column \(name) is no number")
        return unsafe buffer.load(as: Int64.self)
    }

    var bytes: [UInt8] {
        let length = Int(unsafe state.pointee.length)
        if length > RowBuffers.size { return overflow }
        return unsafe Array(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
    }

    var text: String {
        let length = Int(unsafe state.pointee.length)
        if length > RowBuffers.size { return String(decoding: overflow, as: UTF8.self) }
        return unsafe String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<length]), as: UTF8.self)
    }

    var timestamp: Timestamp {
        precondition(type == MYSQL_TYPE_DATETIME, "column \(name) is no moment")
        let time = unsafe buffer.load(as: MYSQL_TIME.self)
        return Timestamp(
            Timestamp.Calendar(
                year: Int(time.year), month: Int(time.month), day: Int(time.day), hour: Int(time.hour),
                minute: Int(time.minute), second: Int(time.second), millisecond: Int(time.second_part / 1000)))
    }
}

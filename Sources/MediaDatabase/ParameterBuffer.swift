internal import CMariaDB
internal import MediaCore

/// The parameters of a statement in the form the client library reads them in.
///
/// The library keeps the bindings it is given; they are handed over again only when a parameter's type or place changes.
@safe
final class ParameterBuffer {
    @safe
    private struct Slot {
        var type: enum_field_types
        var buffer: UnsafeMutableRawBufferPointer
    }

    let count: Int
    private let bindings: UnsafeMutableBufferPointer<MYSQL_BIND>
    private let lengths: UnsafeMutableBufferPointer<UInt>
    private let slots: UnsafeMutableBufferPointer<Slot>
    private var isBound = false

    init(count: Int) {
        self.count = count
        unsafe bindings = .allocate(capacity: count)
        unsafe bindings.initialize(repeating: MYSQL_BIND())
        unsafe lengths = .allocate(capacity: count)
        unsafe lengths.initialize(repeating: 0)
        unsafe slots = .allocate(capacity: count)
        for index in 0..<count {
            unsafe slots.initializeElement(
                at: index, to: Slot(type: MYSQL_TYPE_NULL, buffer: .allocate(byteCount: 64, alignment: 16)))
        }
    }

    deinit {
        for index in 0..<count { unsafe slots[index].buffer.deallocate() }
        unsafe slots.deallocate()
        unsafe lengths.deallocate()
        unsafe bindings.deallocate()
    }

    /// Copies the values.
    ///
    /// - Returns: what has to be bound, or nil where what is bound still holds.
    func fill(_ values: [Value]) -> UnsafeMutablePointer<MYSQL_BIND>? {
        var isChanged = !isBound
        for (index, value) in values.enumerated() where set(value, at: index) { isChanged = true }
        guard isChanged else { return nil }
        for index in 0..<count {
            unsafe bindings[index] = MYSQL_BIND()
            unsafe bindings[index].buffer_type = slots[index].type
            unsafe bindings[index].buffer = slots[index].buffer.baseAddress
            unsafe bindings[index].length = lengths.baseAddress?.advanced(by: index)
        }
        isBound = true
        return unsafe bindings.baseAddress
    }

    /// - Returns: whether the parameter has another type or place than before.
    private func set(_ value: Value, at index: Int) -> Bool {
        switch value {
        case .null: return become(MYSQL_TYPE_NULL, size: 0, at: index)
        case .integer(let number):
            let isChanged = become(MYSQL_TYPE_LONGLONG, size: 8, at: index)
            unsafe slots[index].buffer.storeBytes(of: number, as: Int64.self)
            return isChanged
        case .timestamp(let moment):
            let isChanged = become(MYSQL_TYPE_DATETIME, size: MemoryLayout<MYSQL_TIME>.size, at: index)
            unsafe slots[index].buffer.storeBytes(of: Self.time(moment), as: MYSQL_TIME.self)
            return isChanged
        case .text(var text): return text.withUTF8 { unsafe copy(UnsafeRawBufferPointer($0), MYSQL_TYPE_STRING, index) }
        case .bytes(let bytes): return unsafe bytes.withUnsafeBytes { unsafe copy($0, MYSQL_TYPE_BLOB, index) }
        }
    }

    private func copy(_ bytes: UnsafeRawBufferPointer, _ type: enum_field_types, _ index: Int) -> Bool {
        let isChanged = become(type, size: bytes.count, at: index)
        unsafe slots[index].buffer.copyMemory(from: bytes)
        return isChanged
    }

    private func become(_ type: enum_field_types, size: Int, at index: Int) -> Bool {
        unsafe lengths[index] = UInt(size)
        var isChanged = unsafe slots[index].type != type
        unsafe slots[index].type = type
        if unsafe slots[index].buffer.count < size {
            unsafe slots[index].buffer.deallocate()
            unsafe slots[index].buffer = .allocate(byteCount: size * 2, alignment: 16)
            isChanged = true
        }
        return isChanged
    }

    /// - Parameter moment: one beyond what a column holds becomes the nearest that it does.
    private static func time(_ moment: Timestamp) -> MYSQL_TIME {
        let storable = Timestamp.storable
        let calendar = min(max(moment, storable.lowerBound), storable.upperBound).calendar
        var time = MYSQL_TIME()
        time.year = UInt32(calendar.year)
        time.month = UInt32(calendar.month)
        time.day = UInt32(calendar.day)
        time.hour = UInt32(calendar.hour)
        time.minute = UInt32(calendar.minute)
        time.second = UInt32(calendar.second)
        time.second_part = UInt(calendar.millisecond * 1000)
        time.time_type = MYSQL_TIMESTAMP_DATETIME
        return time
    }
}

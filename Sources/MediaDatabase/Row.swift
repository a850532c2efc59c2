package import MediaCore

/// One row of a result, valid in the closure that gets it. Columns count from 0.
package struct Row {
    let columns: [Column]

    package func isNull(_ index: Int) -> Bool { columns[index].isNull }

    package func integer(_ index: Int) throws(MariaDBError) -> Int64 {
        try present(index).integer
    }

    package func bool(_ index: Int) throws(MariaDBError) -> Bool { try integer(index) != 0 }

    package func text(_ index: Int) throws(MariaDBError) -> String { try present(index).text }

    package func optionalText(_ index: Int) -> String? { isNull(index) ? nil : columns[index].text }

    package func bytes(_ index: Int) throws(MariaDBError) -> [UInt8] { try present(index).bytes }

    package func timestamp(_ index: Int) throws(MariaDBError) -> Timestamp { try present(index).timestamp }

    package func optionalTimestamp(_ index: Int) -> Timestamp? { isNull(index) ? nil : columns[index].timestamp }

    /// A value of a type that has a text form, such as an enumeration.
    package func value<T>(_ index: Int, _ make: (String) -> T?) throws(MariaDBError) -> T {
        let text = try text(index)
        guard let value = make(text) else { throw unexpected(index, "'\(text)'") }
        return value
    }

    private func present(_ index: Int) throws(MariaDBError) -> Column {
        guard !columns[index].isNull else { throw unexpected(index, "NULL") }
        return columns[index]
    }

    private func unexpected(_ index: Int, _ what: String) -> MariaDBError {
        MariaDBError(code: .unexpectedValue, message: "column \(columns[index].name) holds \(what)")
    }
}

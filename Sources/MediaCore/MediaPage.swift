/// One page of a list of records, newest first; the platform's page object.
package struct MediaPage: Equatable, Sendable {
    package var media: [Media]
    /// How many records the whole list has.
    package var total: Int64
    /// From 1; the page that was asked for, or 1 where a cursor was.
    package var page: Int
    package var limit: Int
    /// Where the next page starts, or nil at the end.
    package var nextCursor: MediaCursor?

    package init(media: [Media], total: Int64, page: Int, limit: Int, nextCursor: MediaCursor?) {
        self.media = media
        self.total = total
        self.page = page
        self.limit = limit
        self.nextCursor = nextCursor
    }

    package var totalPages: Int64 { total / Int64(limit) + (total % Int64(limit) > 0 ? 1 : 0) }

    /// - Parameter record: a record as the page is to have it.
    package func json(_ record: (Media) -> JSON) -> JSON {
        .object([
            .init("media", .array(media.map(record))),
            .init("total", .integer(total)),
            .init("page", .integer(Int64(page))),
            .init("limit", .integer(Int64(limit))),
            .init("totalPages", .integer(totalPages)),
            .init("nextCursor", JSON(nextCursor?.text)),
        ])
    }
}

'use strict'
// Accepts every recipient, and writes each message into the Maildir that config/maildir names. Looks up no name.

const fs = require('node:fs')
const path = require('node:path')

exports.register = function () {
    this.maildir = this.config.get('maildir').trim()
}

exports.hook_lookup_rdns = (next) => next(OK, 'localhost')

exports.hook_rcpt = (next) => next(OK)

// For those who have signed in, who could otherwise send anywhere, it asks by the other name.
exports.hook_queue = exports.hook_queue_outbound = function (next, connection) {
    const { transaction } = connection
    const [tmp, ready] = ['tmp', 'new'].map((part) => path.join(this.maildir, part, transaction.uuid))
    const file = fs.createWriteStream(tmp)
    file.once('error', (error) => next(DENYSOFT, error.message))
    file.once('close', () => {
        fs.renameSync(tmp, ready)
        next(OK)
    })
    transaction.message_stream.pipe(file, { line_endings: '\n' })
}

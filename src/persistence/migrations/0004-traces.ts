/**
 * Where each message, and what follows from it, stands in a trace (W3C Trace Context): so a trace goes on after a restart and in
 * another process. Rows from before have none.
 */
export const traces = `
alter table {schema}.mailbox add column traceparent text;
alter table {schema}.held_messages add column traceparent text;
alter table {schema}.actors add column traceparent text;
alter table {schema}.tasks add column traceparent text;
alter table {schema}.outbox add column traceparent text;
`

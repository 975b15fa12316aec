-- The span that published an event: ids only (W3C Trace Context). Null when nothing is traced.
alter table outbox_events add column traceparent text;
select migrations.comment_technical('outbox_events', 'traceparent');

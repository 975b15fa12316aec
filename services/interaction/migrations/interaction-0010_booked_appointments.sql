-- no-transaction
create index concurrently if not exists interactions_booked on interactions (company_id, coalesce(scheduled_at, occurred_at), id)
 where status = 'booked';

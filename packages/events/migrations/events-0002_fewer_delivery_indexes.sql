-- Only an erasure looks waiting deliveries up by their aggregate. It reads those that wait, in outbox_deliveries_due, instead of an index
-- that each event writes.
drop index outbox_deliveries_aggregate;

-- Changes of a customer's status, for the timeline, the newest first.
create index customer_history_status on customer_history (company_id, customer_id, at desc, id desc)
  where action in ('customer.status.changed', 'customer.deleted');

-- What clients write in their own words may say who it is about, whatever the field is for: an order's number in other books leads to a
-- person as a name does. By these classes a person is exported and erased.
comment on column interactions.category is 'sensitive: free text about a person';
comment on column transactions.order_id is 'personal: the order as other books call it';
comment on column transactions.external_ref is 'personal: the record as other books call it';
comment on column transactions.recorded_as is 'personal: a digest of what was sent, to know a repeat by; null when there is no external_ref';

-- Of customers who were removed for good before this.
update transactions
   set order_id = null, external_ref = null, version = version + 1, updated_at = now()
 where customer_id is null and (order_id is not null or external_ref is not null);

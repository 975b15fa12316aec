-- Counters fall and rise by what others report; none means anything below zero. Amounts may: a refund can be of an order never heard of.
alter table customer_counters
  add constraint customer_counters_total_orders check (total_orders >= 0),
  add constraint customer_counters_total_appointments check (total_appointments >= 0),
  add constraint customer_counters_total_complaints check (total_complaints >= 0),
  add constraint customer_counters_open_complaints check (open_complaints >= 0),
  add constraint customer_counters_returned_orders check (returned_orders >= 0),
  add constraint customer_counters_cancelled_appointments check (cancelled_appointments >= 0);

import { ClientelaError } from '@clientela/client';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

/** Leads to the customer who has a value already. */
export function ExistingLink({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!(error instanceof ClientelaError) || error.existing?.id === undefined) return null;
  return (
    <Link to="/customers/$customerId" params={{ customerId: error.existing.id }}>
      {t('customer.showExisting', { number: error.existing.number })}
    </Link>
  );
}

import { useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t('errors.notFoundTitle')}>
      <p>{t('errors.notFound')}</p>
    </Page>
  );
}

/** What failed while a screen was being loaded. */
export function RouteError({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <Page title={t('errors.title')}>
      <Failure error={error} onRetry={() => void router.invalidate()} />
    </Page>
  );
}

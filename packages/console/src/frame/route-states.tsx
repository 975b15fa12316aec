import { Link, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Failure } from '../ui/failure.tsx';
import { Page } from '../ui/page.tsx';

export function NotFound() {
  const { t } = useTranslation();
  return (
    <main>
      <Page title={t('errors.notFoundTitle')}>
        <p>{t('errors.notFound')}</p>
        <p>
          <Link to="/">{t('signIn.toConsole')}</Link>
        </p>
      </Page>
    </main>
  );
}

/** What failed while a screen was being loaded. */
export function RouteError({ error }: { error: unknown }) {
  const { t } = useTranslation();
  const router = useRouter();
  return (
    <main>
      <Page title={t('errors.title')}>
        <Failure error={error} onRetry={() => void router.invalidate()} />
      </Page>
    </main>
  );
}

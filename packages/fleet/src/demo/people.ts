/** A country of fictional people: their names, phone format and document type. */
export type Country = {
  code: string;
  language: string;
  /** First names with their gender in the demo data. */
  first: readonly (readonly [name: string, gender: 'female' | 'male'])[];
  last: readonly string[];
  cities: readonly (readonly [city: string, state: string, zip_code: string])[];
  addressLines: readonly string[];
  /** Each `#` is replaced with a digit of the customer's index, from the right. */
  phone: string;
  /** A national document, in addition to passports. */
  document?: 'cpf' | 'rut' | 'cedula';
  family_name_first?: true;
};

const f = 'female';
const m = 'male';

export const countries: readonly Country[] = [
  {
    code: 'ES',
    language: 'es',
    phone: '+34 612 45 ## ##',
    first: [
      ['Lucía', f],
      ['Martín', m],
      ['Begoña', f],
      ['Íñigo', m],
      ['Nuria', f],
    ],
    last: ['Ibáñez', 'Peñalver', 'Sarmiento', 'Olmedo'],
    cities: [
      ['Sevilla', 'Andalucía', '41001'],
      ['Bilbao', 'Euskadi', '48001'],
      ['València', 'Comunitat Valenciana', '46001'],
    ],
    addressLines: ['Calle del Olivo', 'Avenida del Puerto'],
  },
  {
    code: 'PT',
    language: 'pt',
    phone: '+351 912 34####',
    first: [
      ['Inês', f],
      ['João', m],
      ['Conceição', f],
      ['Rui', m],
      ['Mafalda', f],
    ],
    last: ['Falcão', 'Carvalhal', 'Simões', 'Tavares'],
    cities: [
      ['Porto', 'Norte', '4000-008'],
      ['Coimbra', 'Centro', '3000-001'],
    ],
    addressLines: ['Rua das Flores', 'Travessa do Carmo'],
  },
  {
    code: 'BR',
    language: 'pt-BR',
    phone: '+55 11 9812#-####',
    document: 'cpf',
    first: [
      ['Thaís', f],
      ['Caetano', m],
      ['Luana', f],
      ['Otávio', m],
      ['Iara', f],
    ],
    last: ['Figueiredo', 'Assunção', 'Brandão', 'Montenegro'],
    cities: [
      ['São Paulo', 'SP', '01001-000'],
      ['Recife', 'PE', '50010-000'],
    ],
    addressLines: ['Rua da Aurora', 'Alameda dos Ipês'],
  },
  {
    code: 'CO',
    language: 'es-CO',
    phone: '+57 301 45#-####',
    document: 'cedula',
    first: [
      ['Ximena', f],
      ['Andrés', m],
      ['Yolanda', f],
      ['Édgar', m],
    ],
    last: ['Quiñones', 'Zuluaga', 'Echeverri', 'Bustamante'],
    cities: [
      ['Bogotá', 'Cundinamarca', '110111'],
      ['Medellín', 'Antioquia', '050001'],
    ],
    addressLines: ['Carrera 7', 'Calle 72'],
  },
  {
    code: 'CL',
    language: 'es-CL',
    phone: '+56 9 612# ####',
    document: 'rut',
    first: [
      ['Antonia', f],
      ['Benjamín', m],
      ['Rayén', f],
      ['Joaquín', m],
    ],
    last: ['Huenchumán', 'Arriagada', 'Oyarzún', 'Valdebenito'],
    cities: [
      ['Valparaíso', 'Valparaíso', '2340000'],
      ['Temuco', 'La Araucanía', '4780000'],
    ],
    addressLines: ['Paseo Atkinson', 'Avenida Alemania'],
  },
  {
    code: 'FR',
    language: 'fr',
    phone: '+33 6 12 34 ## ##',
    first: [
      ['Éloïse', f],
      ['Maël', m],
      ['Solène', f],
      ['Gaspard', m],
      ['Anaïs', f],
    ],
    last: ['Lefèvre', 'Charpentier', 'Dubreuil', 'Marchand'],
    cities: [
      ['Nantes', 'Pays de la Loire', '44000'],
      ['Lyon', 'Auvergne-Rhône-Alpes', '69001'],
    ],
    addressLines: ['Rue des Tanneurs', 'Quai de la Fosse'],
  },
  {
    code: 'DE',
    language: 'de',
    phone: '+49 1512 345####',
    first: [
      ['Jürgen', m],
      ['Friederike', f],
      ['Sören', m],
      ['Annegret', f],
      ['Käthe', f],
    ],
    last: ['Weißgerber', 'Möllmann', 'Brandstätter', 'Hohlfeld'],
    cities: [
      ['Leipzig', 'Sachsen', '04109'],
      ['Köln', 'Nordrhein-Westfalen', '50667'],
    ],
    addressLines: ['Lindenstraße', 'Am Mühlbach'],
  },
  {
    code: 'PL',
    language: 'pl',
    phone: '+48 512 34#-###',
    first: [
      ['Małgorzata', f],
      ['Paweł', m],
      ['Żaneta', f],
      ['Łukasz', m],
    ],
    last: ['Wróblewicz', 'Jabłonek', 'Gościniak', 'Śliwak'],
    cities: [
      ['Kraków', 'Małopolskie', '31-001'],
      ['Gdańsk', 'Pomorskie', '80-001'],
    ],
    addressLines: ['ulica Długa', 'ulica Lipowa'],
  },
  {
    code: 'SE',
    language: 'sv',
    phone: '+46 70 17# ## ##',
    first: [
      ['Åsa', f],
      ['Göran', m],
      ['Ebba', f],
      ['Torbjörn', m],
    ],
    last: ['Lindqvist', 'Sjöstrand', 'Björkman', 'Hallgren'],
    cities: [
      ['Malmö', 'Skåne', '211 20'],
      ['Umeå', 'Västerbotten', '903 25'],
    ],
    addressLines: ['Storgatan', 'Kyrkogatan'],
  },
  {
    code: 'GB',
    language: 'en-GB',
    phone: '+44 7400 12####',
    first: [
      ['Imogen', f],
      ['Rhys', m],
      ['Orla', f],
      ['Alasdair', m],
    ],
    last: ["O'Dowd", 'Pemberton', 'Llewelyn', 'Ashcroft-Hale'],
    cities: [
      ['Bristol', 'England', 'BS1 4DJ'],
      ['Dundee', 'Scotland', 'DD1 1DB'],
    ],
    addressLines: ['Orchard Lane', 'Harbour Street'],
  },
  {
    code: 'US',
    language: 'en-US',
    phone: '+1 212 45#-####',
    first: [
      ['Delilah', f],
      ['Marcus', m],
      ['Savannah', f],
      ['Theodore', m],
    ],
    last: ['Kowalczuk', 'Beaumont', 'Whitlock', 'Nakagawa'],
    cities: [
      ['Portland', 'OR', '97205'],
      ['Savannah', 'GA', '31401'],
    ],
    addressLines: ['Magnolia Avenue', 'Elm Street'],
  },
  {
    code: 'NG',
    language: 'en-NG',
    phone: '+234 803 12# ####',
    first: [
      ['Adaeze', f],
      ['Babatunde', m],
      ['Ngozi', f],
      ['Emeka', m],
    ],
    last: ['Okonjo-Bello', 'Adeyinka', 'Nwachukwu', 'Olawale'],
    cities: [
      ['Lagos', 'Lagos', '100001'],
      ['Enugu', 'Enugu', '400001'],
    ],
    addressLines: ['Marina Road', 'Ogui Road'],
  },
  {
    code: 'JP',
    language: 'ja',
    phone: '+81 90 1234 ####',
    family_name_first: true,
    first: [
      ['花子', f],
      ['健太', m],
      ['美咲', f],
      ['大輔', m],
      ['さくら', f],
      ['アキラ', m],
    ],
    last: ['佐々木', '小野寺', '長谷川', '五十嵐'],
    cities: [
      ['札幌市', '北海道', '060-0001'],
      ['京都市', '京都府', '600-8001'],
    ],
    addressLines: ['北一条', '四条通'],
  },
  {
    code: 'RU',
    language: 'ru',
    phone: '+7 912 345 ## ##',
    first: [
      ['Екатерина', f],
      ['Алексей', m],
      ['Ульяна', f],
      ['Тимофей', m],
      ['Алёна', f],
    ],
    last: ['Соколова', 'Ермолаев', 'Журавлёва', 'Щербинин'],
    cities: [
      ['Казань', 'Татарстан', '420000'],
      ['Пермь', 'Пермский край', '614000'],
    ],
    addressLines: ['улица Лесная', 'проспект Мира'],
  },
  {
    code: 'UA',
    language: 'uk',
    phone: '+380 67 123 ## ##',
    first: [
      ['Оксана', f],
      ['Ярослав', m],
      ['Соломія', f],
      ['Андрій', m],
    ],
    last: ['Шевчук', 'Коваленко', 'Гнатюк', 'Їжакевич'],
    cities: [
      ['Львів', 'Львівська область', '79000'],
      ['Одеса', 'Одеська область', '65000'],
    ],
    addressLines: ['вулиця Франка', 'вулиця Дворянська'],
  },
  {
    code: 'GR',
    language: 'el',
    phone: '+30 694 123 ####',
    first: [
      ['Ελένη', f],
      ['Νίκος', m],
      ['Αθηνά', f],
      ['Στέλιος', m],
    ],
    last: ['Παπαδάκης', 'Γεωργίου', 'Οικονόμου', 'Ξενάκης'],
    cities: [
      ['Θεσσαλονίκη', 'Μακεδονία', '546 21'],
      ['Ηράκλειο', 'Κρήτη', '712 01'],
    ],
    addressLines: ['Οδός Ερμού', 'Λεωφόρος Νίκης'],
  },
  {
    code: 'EG',
    language: 'ar',
    phone: '+20 100 123 ####',
    first: [
      ['ليلى', f],
      ['يوسف', m],
      ['نور', f],
      ['كريم', m],
    ],
    last: ['المصري', 'عبد الرحمن', 'الشافعي', 'حداد'],
    cities: [
      ['القاهرة', 'القاهرة', '11511'],
      ['الإسكندرية', 'الإسكندرية', '21500'],
    ],
    addressLines: ['شارع النيل', 'شارع الحرية'],
  },
  {
    code: 'IL',
    language: 'he',
    phone: '+972 52 123 ####',
    first: [
      ['נועה', f],
      ['איתן', m],
      ['תמר', f],
      ['אלון', m],
    ],
    last: ['כהן', 'פרידמן', 'מזרחי', 'בן־דוד'],
    cities: [
      ['חיפה', 'מחוז חיפה', '3100000'],
      ['באר שבע', 'מחוז הדרום', '8400000'],
    ],
    addressLines: ['רחוב הרצל', 'שדרות רגר'],
  },
  {
    code: 'CN',
    language: 'zh',
    phone: '+86 138 0013 ####',
    family_name_first: true,
    first: [
      ['秀英', f],
      ['志强', m],
      ['晓梅', f],
      ['宇航', m],
    ],
    last: ['欧阳', '诸葛', '陈', '慕容'],
    cities: [
      ['杭州', '浙江', '310000'],
      ['成都', '四川', '610000'],
    ],
    addressLines: ['西湖大道', '春熙路'],
  },
  {
    code: 'KR',
    language: 'ko',
    phone: '+82 10 2345 ####',
    family_name_first: true,
    first: [
      ['서연', f],
      ['민준', m],
      ['하은', f],
      ['도윤', m],
    ],
    last: ['김', '남궁', '황보', '정'],
    cities: [
      ['부산', '부산광역시', '48058'],
      ['전주', '전라북도', '54999'],
    ],
    addressLines: ['해운대로', '한옥마을길'],
  },
  {
    code: 'RO',
    language: 'ro',
    phone: '+40 721 23# ###',
    first: [
      ['Ștefania', f],
      ['Mihăiță', m],
      ['Ioana', f],
      ['Andrei', m],
    ],
    last: ['Țurcanu', 'Bălănescu', 'Ciobănașu', 'Îndrei'],
    cities: [
      ['Iași', 'Iași', '700001'],
      ['Brașov', 'Brașov', '500001'],
    ],
    addressLines: ['Strada Florilor', 'Bulevardul Unirii'],
  },
  {
    code: 'MD',
    language: 'ro',
    phone: '+373 69 12####',
    first: [
      ['Nicoleta', f],
      ['Vasile', m],
      ['Doina', f],
      ['Igor', m],
    ],
    last: ['Rusnac', 'Ciubotaru', 'Lungu', 'Ceban'],
    cities: [
      ['Chișinău', 'Chișinău', 'MD-2001'],
      ['Bălți', 'Bălți', 'MD-3101'],
    ],
    addressLines: ['Strada Pușkin', 'Strada Independenței'],
  },
  {
    code: 'VN',
    language: 'vi',
    phone: '+84 90 123 ####',
    family_name_first: true,
    first: [
      ['Thị Hương', f],
      ['Văn Dũng', m],
      ['Ngọc Ánh', f],
      ['Quốc Bảo', m],
    ],
    last: ['Nguyễn', 'Trần', 'Đặng', 'Phạm'],
    cities: [
      ['Đà Nẵng', 'Đà Nẵng', '550000'],
      ['Huế', 'Thừa Thiên Huế', '530000'],
    ],
    addressLines: ['Đường Trần Phú', 'Đường Lê Lợi'],
  },
  {
    code: 'CZ',
    language: 'cs',
    phone: '+420 601 12# ###',
    first: [
      ['Zdeňka', f],
      ['Jiří', m],
      ['Žofie', f],
      ['Ondřej', m],
    ],
    last: ['Dvořáčková', 'Růžička', 'Šťastný', 'Křížová'],
    cities: [
      ['Brno', 'Jihomoravský kraj', '602 00'],
      ['Plzeň', 'Plzeňský kraj', '301 00'],
    ],
    addressLines: ['Masarykova', 'Dlouhá'],
  },
  {
    code: 'TR',
    language: 'tr',
    phone: '+90 532 123 ## ##',
    first: [
      ['Gülşah', f],
      ['Çağlar', m],
      ['Işıl', f],
      ['Oğuz', m],
    ],
    last: ['Yıldırım', 'Öztürk', 'Şahin', 'Güneş'],
    cities: [
      ['İzmir', 'İzmir', '35000'],
      ['Eskişehir', 'Eskişehir', '26000'],
    ],
    addressLines: ['Atatürk Caddesi', 'Gül Sokak'],
  },
];

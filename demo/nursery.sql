-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: nursery
-- ------------------------------------------------------
-- Server version	10.11.6-MariaDB-0+deb12u1
--
-- An example: people, nurseries and addresses are invented (demo/generate.rs).

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;

--
-- Table structure for table `recorders`
--

DROP TABLE IF EXISTS `recorders`;
CREATE TABLE `recorders` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `nursery` varchar(80) NOT NULL,
  `host` varchar(120) NOT NULL,
  `port` int(11) NOT NULL,
  `login` varchar(32) NOT NULL,
  `password` varchar(32) NOT NULL,
  `model` varchar(32) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `recorders`
--

LOCK TABLES `recorders` WRITE;
/*!40000 ALTER TABLE `recorders` DISABLE KEYS */;
INSERT INTO `recorders` VALUES
(1,'Acorn House','acornhouse.dvr.example',37777,'admin','888888','DVR-4108'),
(2,'Alder Lane','alderlane.dvr.example',8000,'admin','888888','NVR-2208'),
(3,'Appletree','appletree.dvr.example',37777,'admin','888888','DVR-4116'),
(4,'Badger\'s Wood','badgerswood.dvr.example',37777,'admin','666666','DVR-4108'),
(5,'Beehive','beehive.dvr.example',37777,'admin','888888','DVR-4116'),
(6,'Birch Hill','birchhill.dvr.example',8080,'admin','12345','DVR-4108'),
(7,'Bluebell','bluebell.dvr.example',8080,'admin','666666','NVR-2208'),
(8,'Bramble Corner','bramblecorner.dvr.example',37777,'admin','888888','NVR-2208'),
(9,'Bright Steps','brightsteps.dvr.example',37777,'admin','888888','NVR-2208'),
(10,'Buttercup','buttercup.dvr.example',8080,'admin','888888','NVR-2208'),
(11,'Castle Green','castlegreen.dvr.example',8080,'admin','888888','DVR-4116'),
(12,'Cherry Tree','cherrytree.dvr.example',8080,'admin','666666','DVR-4108'),
(13,'Chestnut Row','chestnutrow.dvr.example',37777,'admin','888888','DVR-4116'),
(14,'Clover Field','cloverfield.dvr.example',8000,'admin','12345','DVR-4116'),
(15,'Copper Beech','copperbeech.dvr.example',37777,'admin','666666','NVR-2208'),
(16,'Daisy Chain','daisychain.dvr.example',37777,'admin','888888','DVR-4108'),
(17,'Duckling Pond','ducklingpond.dvr.example',8000,'admin','888888','NVR-2208'),
(18,'Elm Court','elmcourt.dvr.example',37777,'admin','888888','DVR-4108'),
(19,'Fern Bank','fernbank.dvr.example',37777,'admin','888888','DVR-4108'),
(20,'First Friends','firstfriends.dvr.example',8080,'admin','666666','DVR-4108'),
(21,'Foxglove','foxglove.dvr.example',8000,'admin','888888','NVR-2208'),
(22,'Hazel Grove','hazelgrove.dvr.example',37777,'admin','12345','DVR-4108'),
(23,'Hedgehog','hedgehog.dvr.example',8000,'admin','666666','DVR-4116'),
(24,'Honeycomb','honeycomb.dvr.example',8080,'admin','888888','DVR-4108'),
(25,'Ivy Cottage','ivycottage.dvr.example',8000,'admin','888888','DVR-4116'),
(26,'Ladybird','ladybird.dvr.example',37777,'admin','888888','DVR-4116'),
(27,'Larkspur','larkspur.dvr.example',8080,'admin','888888','DVR-4116'),
(28,'Little Oaks','littleoaks.dvr.example',8080,'admin','666666','DVR-4116'),
(29,'Maple Row','maplerow.dvr.example',8080,'admin','888888','NVR-2208'),
(30,'Meadow View','meadowview.dvr.example',37777,'admin','12345','DVR-4116'),
(31,'Nutkin','nutkin.dvr.example',8000,'admin','666666','NVR-2208'),
(32,'Orchard Gate','orchardgate.dvr.example',37777,'admin','888888','DVR-4108'),
(33,'Otters\' Holt','ottersholt.dvr.example',37777,'admin','888888','NVR-2208'),
(34,'Poppyfield','poppyfield.dvr.example',8080,'admin','888888','DVR-4116'),
(35,'Primrose','primrose.dvr.example',37777,'admin','888888','DVR-4116'),
(36,'Robin\'s Nest','robinsnest.dvr.example',37777,'admin','666666','DVR-4116'),
(37,'Rowan House','rowanhouse.dvr.example',8000,'admin','888888','DVR-4116'),
(38,'Skylark','skylark.dvr.example',8000,'admin','12345','NVR-2208'),
(39,'Sunny Bank','sunnybank.dvr.example',8080,'admin','666666','NVR-2208'),
(40,'Willow Brook','willowbrook.dvr.example',37777,'admin','888888','NVR-2208');
/*!40000 ALTER TABLE `recorders` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `cameras`
--

DROP TABLE IF EXISTS `cameras`;
CREATE TABLE `cameras` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `recorder_id` int(11) NOT NULL,
  `name` varchar(40) NOT NULL,
  `firmware` varchar(16) DEFAULT NULL,
  `firmware_sha1` char(40) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `cameras`
--

LOCK TABLES `cameras` WRITE;
/*!40000 ALTER TABLE `cameras` DISABLE KEYS */;
INSERT INTO `cameras` VALUES
(1,1,'Play room','2.2.8','73d4d153f06ffb46e7a7b5a991e44c8b44a8a682'),
(2,1,'Garden','2.2.3','f243f3446bb1226eacba3cdb8b904ef729d6ec9d'),
(3,2,'Baby room','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(4,2,'Hall','2.3.1','01b1c534c2db2eebe8eb41bca1f0ffc4193b0e3f'),
(5,3,'Play room','2.3.1','01b1c534c2db2eebe8eb41bca1f0ffc4193b0e3f'),
(6,3,'Garden','2.1.8','248fa1629a5449451dde60521b10f8d16f52b23d'),
(7,4,'Baby room','2.0.5','d77590d37919716846277a4d8ee2e51fef66a9ef'),
(8,4,'Hall','2.1.4','8bff12eeb621c3f4c18ae1d2809b3860778910f4'),
(9,5,'Play room','2.0.0','f7ca6a21d278eb5ce64611aadbdb77ef1511d3dd'),
(10,5,'Garden','2.2.2','53847c48faeb5e255ebcdd1a4762a53f7163d7f0'),
(11,6,'Baby room','2.2.3','f243f3446bb1226eacba3cdb8b904ef729d6ec9d'),
(12,6,'Hall','2.2.8','73d4d153f06ffb46e7a7b5a991e44c8b44a8a682'),
(13,7,'Play room','2.0.9','ccc7f2bf6d0604d86f3d33a12b75411b311e9dfe'),
(14,7,'Garden','2.0.3','d20e6b799a7bc47bbdd80029ea94c45fd2d40b68'),
(15,8,'Baby room','2.0.4','775bbc46d0bc85e121db86ae12b2993ffedbb0ae'),
(16,8,'Hall','2.0.2','d03f659256ae48f1c9a26c5aaec38d4360485288'),
(17,9,'Play room','2.3.1','01b1c534c2db2eebe8eb41bca1f0ffc4193b0e3f'),
(18,9,'Garden','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(19,10,'Baby room','2.1.6','bcfa1e591aab992fff773d6a0dc4bb58433d278a'),
(20,10,'Hall','2.0.3','d20e6b799a7bc47bbdd80029ea94c45fd2d40b68'),
(21,11,'Play room','2.0.7','9900ba1358421f36ec71073f65f6a41eed98f7c2'),
(22,11,'Garden','2.1.8','248fa1629a5449451dde60521b10f8d16f52b23d'),
(23,12,'Baby room','2.3.6','70c4e845189d3a1a824f59c4f4dc47ab2864470e'),
(24,12,'Hall','2.3.4','17b06b2486a051055e43ae1127e87196d505e2f3'),
(25,13,'Play room','2.1.4','8bff12eeb621c3f4c18ae1d2809b3860778910f4'),
(26,13,'Garden','2.0.9','ccc7f2bf6d0604d86f3d33a12b75411b311e9dfe'),
(27,14,'Baby room','2.2.1','bf64dd8c92190417a38d834b0c92eee4be757761'),
(28,14,'Hall','2.3.6','70c4e845189d3a1a824f59c4f4dc47ab2864470e'),
(29,15,'Play room','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(30,15,'Garden','2.3.7','91c193b80db7dbee87505808e719423c5f046291'),
(31,16,'Baby room','2.3.7','91c193b80db7dbee87505808e719423c5f046291'),
(32,16,'Hall','2.1.0','d1325bb186bd83303245e504f7c6eceae7f19e44'),
(33,17,'Play room','2.3.1','01b1c534c2db2eebe8eb41bca1f0ffc4193b0e3f'),
(34,17,'Garden','2.2.3','f243f3446bb1226eacba3cdb8b904ef729d6ec9d'),
(35,18,'Baby room','2.3.7','91c193b80db7dbee87505808e719423c5f046291'),
(36,18,'Hall','2.3.1','01b1c534c2db2eebe8eb41bca1f0ffc4193b0e3f'),
(37,19,'Play room','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(38,19,'Garden','2.2.5','5da596d45f9d6516efc24f110a7c87475a984016'),
(39,20,'Baby room','2.0.3','d20e6b799a7bc47bbdd80029ea94c45fd2d40b68'),
(40,20,'Hall','2.2.3','f243f3446bb1226eacba3cdb8b904ef729d6ec9d'),
(41,21,'Play room','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(42,21,'Garden','2.0.0','f7ca6a21d278eb5ce64611aadbdb77ef1511d3dd'),
(43,22,'Baby room','2.2.6','b325dad6e19906442b1a3e9b23251c0f9c1a17d4'),
(44,22,'Hall','2.1.8','248fa1629a5449451dde60521b10f8d16f52b23d'),
(45,23,'Play room','2.3.8','95480dea0a95b7a87482434923a273bbea4151c9'),
(46,23,'Garden','2.2.9','18e9f01467bf3568b107a667570d1dd8c6440565'),
(47,24,'Baby room','2.2.0','595d550379b2cb8bccb9659627308ff4e751d23f'),
(48,24,'Hall','2.1.1','d24fa45ca77f079cc359c97272276969e6aead2c'),
(49,25,'Play room','2.1.8','248fa1629a5449451dde60521b10f8d16f52b23d'),
(50,25,'Garden','2.2.1','bf64dd8c92190417a38d834b0c92eee4be757761'),
(51,26,'Baby room','2.3.6','70c4e845189d3a1a824f59c4f4dc47ab2864470e'),
(52,26,'Hall','2.2.1','bf64dd8c92190417a38d834b0c92eee4be757761'),
(53,27,'Play room','2.3.7','91c193b80db7dbee87505808e719423c5f046291'),
(54,27,'Garden','2.0.3','d20e6b799a7bc47bbdd80029ea94c45fd2d40b68'),
(55,28,'Baby room','2.1.7','5f6af51e77b84cd6616d4eaa100a736096568d86'),
(56,28,'Hall','2.0.4','775bbc46d0bc85e121db86ae12b2993ffedbb0ae'),
(57,29,'Play room','2.3.1','01b1c534c2db2eebe8eb41bca1f0ffc4193b0e3f'),
(58,29,'Garden','2.3.7','91c193b80db7dbee87505808e719423c5f046291'),
(59,30,'Baby room','2.2.7','2730b2f0dd844f8e359eefd7c6c8ef05a2304a0a'),
(60,30,'Hall','2.3.2','c83b2e9f55420fa41efd48e4a45103566c9e4767'),
(61,31,'Play room','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(62,31,'Garden','2.3.3','7cfe54f27289e2e996bf2e77df14202ff94111f9'),
(63,32,'Baby room','2.3.8','95480dea0a95b7a87482434923a273bbea4151c9'),
(64,32,'Hall','2.3.3','7cfe54f27289e2e996bf2e77df14202ff94111f9'),
(65,33,'Play room','2.3.2','c83b2e9f55420fa41efd48e4a45103566c9e4767'),
(66,33,'Garden','2.3.5','440a9edb1796d0cd5f2d71aea1a74af81b05abbd'),
(67,34,'Baby room','2.0.0','f7ca6a21d278eb5ce64611aadbdb77ef1511d3dd'),
(68,34,'Hall','2.1.3','5b7155a36d36681935655d772bbc981bc2393fa3'),
(69,35,'Play room','2.2.3','f243f3446bb1226eacba3cdb8b904ef729d6ec9d'),
(70,35,'Garden','2.3.6','70c4e845189d3a1a824f59c4f4dc47ab2864470e'),
(71,36,'Baby room','2.2.1','bf64dd8c92190417a38d834b0c92eee4be757761'),
(72,36,'Hall','2.0.5','d77590d37919716846277a4d8ee2e51fef66a9ef'),
(73,37,'Play room','2.2.7','2730b2f0dd844f8e359eefd7c6c8ef05a2304a0a'),
(74,37,'Garden','2.1.0','d1325bb186bd83303245e504f7c6eceae7f19e44'),
(75,38,'Baby room','2.2.4','47ac56ccfa5b6db61c32cb48c2dda8cc64d242cb'),
(76,38,'Hall','2.3.9','5a1828515b1b2b7e97b36fb83665a9d511ac0bf9'),
(77,39,'Play room','2.0.8','03784eccf521d807a69cdb49474dfd433a568b9f'),
(78,39,'Garden','2.1.8','248fa1629a5449451dde60521b10f8d16f52b23d'),
(79,40,'Baby room','2.0.1','9ff4120c2315a5db674958e00529bc95c08b0e76'),
(80,40,'Hall','2.2.5','5da596d45f9d6516efc24f110a7c87475a984016');
/*!40000 ALTER TABLE `cameras` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `files`
--

DROP TABLE IF EXISTS `files`;
CREATE TABLE `files` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(120) NOT NULL,
  `size` int(11) NOT NULL,
  `md5` char(32) NOT NULL,
  `uploaded` datetime NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `files`
--

LOCK TABLES `files` WRITE;
/*!40000 ALTER TABLE `files` DISABLE KEYS */;
INSERT INTO `files` VALUES
(1,'rowanhouse-000.jpg',467539,'3535a2a970b1f0c85b48651b77dbf117','2018-11-27 15:04:05'),
(2,'robinsnest-001.jpg',775696,'28c21535181e5a59ccad2806982cac4b','2020-05-25 19:17:50'),
(3,'alderlane-002.jpg',808061,'c72429c8955e0c86435422645b8f16d1','2019-09-12 10:14:08'),
(4,'littleoaks-003.jpg',738071,'42a1fa8e8ae461dc02ac7df8b70399c5','2020-04-21 11:46:39'),
(5,'sunnybank-004.jpg',873867,'87bd6fc52ffca6956fa42ade10d490b2','2018-04-20 14:08:50'),
(6,'littleoaks-005.jpg',781715,'0cd296735dfce243d32ff2d848688f1d','2018-05-26 11:50:18'),
(7,'firstfriends-006.jpg',454741,'72a099a7894ca6447dc6b431f01caa05','2020-02-05 12:29:42'),
(8,'ivycottage-007.jpg',771949,'eae43dd00a0edaf08527a0c21fbbfaa1','2018-06-05 15:44:39'),
(9,'hedgehog-008.jpg',226039,'c6b9480a045dcd0f102671261ff28c72','2020-10-07 15:55:31'),
(10,'ottersholt-009.jpg',589315,'9a20ac477d8fdb62f37686c1aa488ebc','2018-09-02 10:05:43'),
(11,'castlegreen-010.jpg',767851,'5e0916cf44fe3adf6d1ac920b4cd9ece','2018-03-02 14:31:31'),
(12,'ottersholt-011.jpg',855819,'7feed0cdde8c6ddadc339e5df064d602','2018-06-16 07:16:34'),
(13,'honeycomb-012.jpg',222694,'a32ec6e396511963dbc210e8b5aaf608','2018-08-13 11:15:10'),
(14,'appletree-013.jpg',517060,'f075efc00deb8a9fad0e99ad8c224f43','2019-02-25 09:48:37'),
(15,'maplerow-014.jpg',814101,'ed5083ae5ed7bc0e98d53a642175eb5e','2018-07-17 15:00:16'),
(16,'ladybird-015.jpg',361579,'7e2ec4e9b2c68acacbf6973d61374015','2018-08-25 18:37:04'),
(17,'bramblecorner-016.jpg',32098,'27b4f45269b6c53d3559bd300d738344','2020-03-03 07:24:35'),
(18,'foxglove-017.jpg',676813,'204fa42c36f1e4c83fd7be73e7f891ed','2018-03-02 15:51:53'),
(19,'brightsteps-018.jpg',898966,'dc8f0836e1dd1fd1886cb8bfc4ccbd3b','2020-03-01 12:08:47'),
(20,'primrose-019.jpg',884293,'46b50fc9054c3a8ff47737d0a8f9c8cc','2018-11-06 07:04:02'),
(21,'honeycomb-020.jpg',870706,'791fa371fb8cc177719bf332ba22bb41','2018-02-08 08:12:38'),
(22,'maplerow-021.jpg',240698,'32d92018955d9d42f972606bfa6f05ab','2018-02-10 10:54:37'),
(23,'chestnutrow-022.jpg',61395,'26ea3ad1f1bb25d61e158ebb070ba867','2018-03-23 16:26:08'),
(24,'bramblecorner-023.jpg',252157,'e28e6ee408d8505291ffbab840cfa001','2018-11-02 16:41:07'),
(25,'chestnutrow-024.jpg',484095,'1e2008f60d387f650fea2bcdac9dc3db','2018-07-04 16:48:01'),
(26,'ottersholt-025.jpg',736659,'03d0bc85dcd31f468fc369d207a75cc7','2019-08-10 13:16:55'),
(27,'badgerswood-026.jpg',650795,'14114cba909eed613b153005a5364681','2020-05-08 13:55:57'),
(28,'daisychain-027.jpg',840612,'41322a898cec23011152db030bbb6030','2018-10-28 16:25:30'),
(29,'beehive-028.jpg',613038,'5ea67cc09d7b62a7dfb795281168f22a','2019-09-26 13:20:57'),
(30,'hedgehog-029.jpg',32432,'847329173afd32741a596d822c8fd0c1','2018-04-04 12:04:59'),
(31,'orchardgate-030.jpg',590799,'a988a9f9434a5cc8872b4dcd4fa22851','2020-12-11 15:06:59'),
(32,'skylark-031.jpg',342435,'184e0bab7d97f8b34e262cd6427c2491','2018-09-01 14:41:26'),
(33,'brightsteps-032.jpg',206799,'897c0ae77d0a694d3d5849aca37125da','2018-08-28 12:37:27'),
(34,'foxglove-033.jpg',152247,'4cbb34ddd4b25e508970d7efac1b959c','2020-04-23 12:00:10'),
(35,'firstfriends-034.jpg',387816,'b81cf3c432e89d42df0dd5ccf1aab9a8','2020-04-15 16:33:48'),
(36,'elmcourt-035.jpg',390858,'c0e64a55c3b9c682461371480aeb6888','2019-09-14 11:24:35'),
(37,'larkspur-036.jpg',46531,'4e5bb5ee1581f185a1d2e667d6f6ea02','2019-06-01 15:35:29'),
(38,'hedgehog-037.jpg',711945,'ab973e10851b04bb4ddac6d3d4dc0646','2019-05-08 07:39:31'),
(39,'larkspur-038.jpg',705500,'84c3f370d752771570aa1c5296fdb732','2018-01-14 08:31:22'),
(40,'hedgehog-039.jpg',83882,'ddd3ee785077fdfd16669be9a66a961b','2019-02-02 09:04:21');
/*!40000 ALTER TABLE `files` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `forum_user`
--

DROP TABLE IF EXISTS `forum_user`;
CREATE TABLE `forum_user` (
  `user_id` int(11) NOT NULL AUTO_INCREMENT,
  `username` varchar(60) NOT NULL,
  `user_email` varchar(120) NOT NULL,
  `user_password` char(32) NOT NULL,
  `user_salt` char(8) NOT NULL,
  `posts` int(11) NOT NULL DEFAULT 0,
  `joined` datetime NOT NULL,
  PRIMARY KEY (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `forum_user`
--

LOCK TABLES `forum_user` WRITE;
/*!40000 ALTER TABLE `forum_user` DISABLE KEYS */;
INSERT INTO `forum_user` VALUES
(1,'mei_11','mei.marchbank@post.example','9da401ddc20ea11b85874656cf49349b','300b3f71',84,'2016-01-11 08:10:58'),
(2,'niamh_12','niamh.thistlewood@post.example','f324873de2ebb12d387dce79fc0e3c8f','d50baa12',11,'2017-05-19 11:30:54'),
(3,'oliver_13','oliver.bellweather@post.example','90a03bc1175db94db5e341fd96e30ff3','fa81f1ac',18,'2016-08-24 15:09:05'),
(4,'priya_14','priya.iqbal@post.example','5e95a75f7dde380bb0d3692f40cc8ce6','d12ea81b',61,'2019-07-19 06:30:57'),
(5,'quentin_15','quentin.pemberley@post.example','50aae407e3487e3fe40555db627a9e74','217e6928',6,'2017-06-03 10:01:00'),
(6,'rosa_16','rosa.whitcombe@post.example','a6379702db817dc95357215a827808c6','22257892',84,'2018-06-12 11:03:11'),
(7,'sam_17','sam.eastwick@post.example','1fb0c8ec0feb6ea31999c0e8d95830f6','b098da41',14,'2018-06-15 15:25:26'),
(8,'tomasz_18','tomasz.lambourne@post.example','7c584d0a4ddb066033668eb2b9177609','66adf458',12,'2016-01-17 17:36:38'),
(9,'una_19','una.sandhu@post.example','36a2d31046e432e3a6a0954d1c09e5c2','847f8846',77,'2019-12-28 10:00:21'),
(10,'viktor_20','viktor.abara@post.example','80b034a6ac4c07b6e73e123e2932d9be','41e834e8',33,'2018-02-28 17:29:27'),
(11,'wendy_21','wendy.hollins@post.example','cf0d9077b1a45c3ba20251e05b0012e1','1fed6bda',30,'2018-07-26 06:57:09'),
(12,'yusuf_22','yusuf.ohara@post.example','cd4201e5ada6f14e8307b69e101563b8','16821af3',76,'2016-03-18 12:55:10'),
(13,'aisha_23','aisha.whitcombe@post.example','9fdae8fd4714ca9a827c6e622601a73e','40169108',20,'2018-03-13 10:45:15'),
(14,'ben_24','ben.eastwick@post.example','f8404bf920ed9d88674fee10d428665f','ac08e155',4,'2016-02-02 14:49:05'),
(15,'carys_25','carys.lambourne@post.example','01fdd98a9b9825c4a78aee7f88741a84','43699784',5,'2017-03-16 19:25:37'),
(16,'daniel_26','daniel.sandhu@post.example','712e82baacdaed7d1bf40736d744857a','77534208',69,'2019-08-18 07:48:37'),
(17,'eleri_27','eleri.abara@post.example','793d97bef77fc94592ef424952e8c3c9','4a84c250',36,'2017-09-10 09:17:42'),
(18,'femi_28','femi.hollins@post.example','e7eead0a6a3751cf032d533ddc545491','f6454059',68,'2018-12-10 14:35:19'),
(19,'grace_29','grace.ohara@post.example','0c11e1e328f41d38b1a594b3ae0ced9f','e55c1f88',7,'2016-11-22 16:48:48'),
(20,'harriet_30','harriet.varley@post.example','8f2f8ad1267dafef786d4de5c4e5baba','e1c49b2c',50,'2017-02-13 07:46:25'),
(21,'imran_31','imran.dunmore@post.example','2053cecfe8d7a60abee7d3cf9e514ac2','ffbd47b9',76,'2016-10-14 09:21:43'),
(22,'joanna_32','joanna.kowal@post.example','3b1b2e04f3672c6f9587be279d54bf45','6d7d71a5',53,'2018-10-12 17:08:33'),
(23,'kwame_33','kwame.rushworth@post.example','0397bba6582b0aa89caa9ec572b02b91','2b837ac2',78,'2017-08-15 18:44:57'),
(24,'laura_34','laura.zielinski@post.example','2d2925f9e8997dc20e816d61dd5db324','50e93831',53,'2016-03-25 17:40:26'),
(25,'mei_35','mei.garlick@post.example','315b7f04f62feeab9d882b097fba66d2','349c218a',47,'2019-04-15 18:59:41'),
(26,'niamh_36','niamh.nettleship@post.example','84b0f8fbedafc4a27f5583e48d279b49','dfbefe6e',19,'2018-01-08 08:26:22'),
(27,'oliver_37','oliver.underhay@post.example','9d9e19e38266330135bb709cf060a27a','88867840',44,'2017-06-25 07:20:02'),
(28,'priya_38','priya.cartmel@post.example','307c981308dfc54cd1538f34c6b07535','480c9899',66,'2017-07-27 14:48:22'),
(29,'quentin_39','quentin.jessop@post.example','d30033647e2e7763a41133b5fbcb5dd3','73c380a5',50,'2016-11-05 12:23:45'),
(30,'rosa_40','rosa.quayle@post.example','13b3a469a2ac1f955022779ed5cf587b','1bc6d092',49,'2019-04-08 12:45:27'),
(31,'sam_41','sam.yardley@post.example','2a00a5326397272a172da11ceb1805c6','4a695781',8,'2019-08-16 07:08:12'),
(32,'tomasz_42','tomasz.fenwright@post.example','8a81d0fd18c60c5e011d4f3962da2fe8','a2073c8a',30,'2019-05-25 11:30:53');
/*!40000 ALTER TABLE `forum_user` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `parents`
--

DROP TABLE IF EXISTS `parents`;
CREATE TABLE `parents` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `forename` varchar(60) NOT NULL,
  `surname` varchar(60) NOT NULL,
  `username` varchar(60) NOT NULL,
  `email` varchar(120) NOT NULL,
  `code` varchar(64) NOT NULL,
  `created` datetime NOT NULL,
  `last_login` datetime DEFAULT NULL,
  `active` tinyint(1) NOT NULL DEFAULT 1,
  PRIMARY KEY (`id`),
  UNIQUE KEY `username` (`username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `parents`
--

LOCK TABLES `parents` WRITE;
/*!40000 ALTER TABLE `parents` DISABLE KEYS */;
INSERT INTO `parents` VALUES
(1,'Aisha','Abara','aisha.abara','aisha.abara0@post.example','Sprout2018','2016-02-03 06:35:01','2020-07-18 10:55:33',1),
(2,'Ben','Hollins','hollinsb','ben.hollins1@mail.example','noodleTractor32','2018-03-17 06:46:33','2020-05-03 06:57:28',1),
(3,'Carys','O\'Hara','carys62','carys.ohara2@family.example','marmaladeRosie7','2015-03-08 18:18:30','2020-10-20 11:29:47',1),
(4,'Daniel','Varley','daniel.varley','daniel.varley3@post.example','Bramleybiscuit','2018-06-21 14:09:50','2020-06-19 14:55:20',1),
(5,'Eleri','Dunmore','dunmoree','eleri.dunmore4@post.example','abc123','2017-08-01 14:48:58','2020-01-19 17:27:58',1),
(6,'Femi','Kowal','femi65','femi.kowal5@family.example','sproutPebble40','2019-09-20 15:29:28','2020-01-19 18:18:57',1),
(7,'Grace','Rushworth','grace.rushworth','grace.rushworth6@family.example','Custard.2009','2019-04-08 07:08:13','2020-11-25 16:47:11',1),
(8,'Harriet','Zielinski','zielinskih','harriet.zielinski7@mail.example','willowBiscuit38','2017-10-09 19:05:45','2020-04-02 17:25:49',1),
(9,'Imran','Garlick','imran68','imran.garlick8@mail.example','Teddy_pickle','2019-12-27 07:38:47','2020-05-23 16:36:47',1),
(10,'Joanna','Nettleship','joanna.nettleship','joanna.nettleship9@mail.example','Marmalade76','2018-08-13 07:59:53','2020-08-18 07:35:22',1),
(11,'Kwame','Underhay','underhayk','kwame.underhay10@family.example','otterCustard91','2015-10-21 17:05:23','2020-03-14 12:14:55',1),
(12,'Laura','Cartmel','laura71','laura.cartmel11@family.example','Willow!2014','2019-11-16 12:57:11','2020-10-26 14:05:37',1),
(13,'Mei','Jessop','mei.jessop','mei.jessop12@mail.example','biscuitCustard66','2018-03-17 09:42:02','2020-06-28 15:17:54',1),
(14,'Niamh','Quayle','quaylen','niamh.quayle13@family.example','qwerty','2019-04-24 16:12:56','2020-09-16 18:54:12',1),
(15,'Oliver','Yardley','oliver74','oliver.yardley14@mail.example','Otter!willow','2012-10-07 12:56:41','2014-05-01 14:52:14',0),
(16,'Priya','Fenwright','priya.fenwright','priya.fenwright15@mail.example','Pebble_2018','2015-10-25 10:50:01','2020-02-27 13:52:36',1),
(17,'Quentin','Marchbank','marchbankq','quentin.marchbank16@mail.example','Noodle.2019','2018-03-15 14:25:09','2020-01-19 07:44:02',1),
(18,'Rosa','Thistlewood','rosa77','rosa.thistlewood17@family.example','rosa771','2016-02-17 08:32:32','2020-04-12 08:57:29',1),
(19,'Sam','Bellweather','sam.bellweather','sam.bellweather18@family.example','sproutMarmalade10','2015-02-12 07:26:12','2020-11-01 09:56:16',1),
(20,'Tomasz','Iqbal','iqbalt','tomasz.iqbal19@mail.example','Puddlecustard','2015-05-16 18:38:05','2020-09-07 09:15:08',1),
(21,'Una','Pemberley','una80','una.pemberley20@family.example','Gruffle2014','2017-03-14 09:29:59','2020-02-02 11:11:55',1),
(22,'Viktor','Whitcombe','viktor.whitcombe','viktor.whitcombe21@family.example','Pebble!noodle','2015-09-06 07:43:00','2020-06-04 12:24:14',1),
(23,'Wendy','Eastwick','eastwickw','wendy.eastwick22@family.example','Noodle2018','2017-07-13 12:21:04','2020-06-19 13:06:10',1),
(24,'Yusuf','Lambourne','yusuf83','yusuf.lambourne23@post.example','Marmalade.willow','2019-11-12 13:36:18','2020-08-01 10:58:18',1),
(25,'Aisha','Thistlewood','aisha.thistlewood','aisha.thistlewood24@family.example','monkey','2017-06-07 08:31:58','2020-11-06 13:40:00',1),
(26,'Ben','Bellweather','bellweatherb','ben.bellweather25@post.example','Gruffle2013','2018-02-14 10:50:04','2020-04-25 18:30:34',1),
(27,'Carys','Iqbal','carys86','carys.iqbal26@post.example','Pickle56_','2019-03-10 09:37:50','2020-06-04 16:52:48',1),
(28,'Daniel','Pemberley','daniel.pemberley','daniel.pemberley27@mail.example','Puddlewillow','2017-02-27 16:20:14','2020-03-16 06:12:20',1),
(29,'Eleri','Whitcombe','whitcombee','eleri.whitcombe28@family.example','Noodlegruffle','2019-09-26 07:23:19','2020-06-23 11:57:52',1),
(30,'Femi','Eastwick','femi89','femi.eastwick29@family.example','willowMarmalade74','2012-11-11 15:41:46','2014-02-15 19:36:58',0),
(31,'Grace','Lambourne','grace.lambourne','grace.lambourne30@family.example','Puddle_willow','2019-03-26 10:40:02','2020-03-01 06:06:57',1),
(32,'Harriet','Sandhu','sandhuh','harriet.sandhu31@mail.example','Hopscotch2011','2016-11-11 06:03:47','2020-03-03 16:31:04',1),
(33,'Imran','Abara','imran92','imran.abara32@post.example','otterBramley88','2016-04-24 09:33:16','2020-03-25 08:00:57',1),
(34,'Joanna','Hollins','joanna.hollins','joanna.hollins33@post.example','iloveyou','2016-11-10 10:07:05','2020-05-21 11:44:30',1),
(35,'Kwame','O\'Hara','oharak','kwame.ohara34@mail.example','willowMarmalade53','2017-01-22 19:40:08','2020-08-03 19:02:40',1),
(36,'Laura','Varley','laura95','laura.varley35@family.example','rosieCustard96','2018-10-15 15:06:43','2020-11-18 06:09:00',1),
(37,'Mei','Dunmore','mei.dunmore','mei.dunmore36@post.example','Puddle!2015','2018-07-08 16:06:41','2020-06-01 09:53:18',1),
(38,'Niamh','Kowal','kowaln','niamh.kowal37@family.example','kowaln1','2017-03-14 06:31:40','2020-06-15 13:13:09',1),
(39,'Oliver','Rushworth','oliver98','oliver.rushworth38@post.example','Willow24_','2015-04-05 13:15:30','2020-10-28 16:03:08',1),
(40,'Priya','Zielinski','priya.zielinski','priya.zielinski39@post.example','tractorPuddle20','2017-09-02 16:39:36','2020-08-16 09:38:40',1),
(41,'Quentin','Garlick','garlickq','quentin.garlick40@mail.example','pebbleRosie77','2015-01-22 17:51:07','2020-12-05 17:30:13',1),
(42,'Rosa','Nettleship','rosa101','rosa.nettleship41@post.example','Custardrosie','2016-02-22 19:20:30','2020-05-03 13:04:04',1),
(43,'Sam','Underhay','sam.underhay','sam.underhay42@family.example','Willow_2014','2016-04-09 07:51:38','2020-07-11 17:31:09',1),
(44,'Tomasz','Cartmel','cartmelt','tomasz.cartmel43@family.example','Biscuit17!','2017-04-07 15:22:32','2020-12-05 09:45:49',1),
(45,'Una','Jessop','una104','una.jessop44@post.example','abc123','2012-09-20 11:00:47','2014-02-11 12:30:54',0),
(46,'Viktor','Quayle','viktor.quayle','viktor.quayle45@family.example','otterPickle46','2018-03-02 10:09:58','2020-10-27 09:15:22',1),
(47,'Wendy','Yardley','yardleyw','wendy.yardley46@family.example','Gruffle22!','2018-04-06 12:20:26','2020-09-27 10:31:00',1),
(48,'Yusuf','Fenwright','yusuf107','yusuf.fenwright47@mail.example','sproutNoodle43','2017-08-17 07:59:39','2020-03-16 18:29:09',1),
(49,'Aisha','Nettleship','aisha.nettleship','aisha.nettleship48@post.example','Bramley2013','2019-11-08 19:35:23','2020-12-14 06:30:41',1),
(50,'Ben','Underhay','underhayb','ben.underhay49@post.example','Puddle.2014','2016-10-24 18:54:41','2020-04-14 07:34:04',1),
(51,'Carys','Cartmel','carys110','carys.cartmel50@mail.example','pickleGruffle82','2015-09-19 17:31:57','2020-04-06 17:52:52',1),
(52,'Daniel','Jessop','daniel.jessop','daniel.jessop51@family.example','Willow55!','2018-02-04 14:34:15','2020-07-09 11:17:14',1),
(53,'Eleri','Quayle','quaylee','eleri.quayle52@post.example','Hopscotch23_','2017-03-17 07:49:23','2020-03-21 12:58:16',1),
(54,'Femi','Yardley','femi113','femi.yardley53@family.example','qwerty','2015-06-03 07:54:04','2020-07-22 13:10:51',1),
(55,'Grace','Fenwright','grace.fenwright','grace.fenwright54@mail.example','rosieGruffle70','2019-09-20 08:13:57','2020-07-19 08:48:49',1),
(56,'Harriet','Marchbank','marchbankh','harriet.marchbank55@mail.example','Pickleotter','2016-08-03 07:29:08','2020-03-19 15:20:30',1),
(57,'Imran','Thistlewood','imran116','imran.thistlewood56@mail.example','Otter2011','2019-07-22 09:14:28','2020-10-16 07:21:24',1),
(58,'Joanna','Bellweather','joanna.bellweather','joanna.bellweather57@mail.example','joanna.bellweather1','2015-08-08 08:05:49','2020-03-25 12:45:38',1),
(59,'Kwame','Iqbal','iqbalk','kwame.iqbal58@family.example','Hopscotch99','2019-10-02 18:52:31','2020-09-19 08:36:04',1),
(60,'Laura','Pemberley','laura119','laura.pemberley59@mail.example','grufflePickle87','2012-02-09 08:04:59','2015-03-06 07:19:54',0),
(61,'Mei','Whitcombe','mei.whitcombe','mei.whitcombe60@family.example','Pebble69.','2018-09-21 19:56:47','2020-04-28 13:37:49',1),
(62,'Niamh','Eastwick','eastwickn','niamh.eastwick61@mail.example','pickleCustard41','2015-09-09 17:16:40','2020-02-03 13:30:59',1),
(63,'Oliver','Lambourne','oliver122','oliver.lambourne62@mail.example','rosieTractor8','2019-05-26 16:05:11','2020-11-15 11:49:51',1),
(64,'Priya','Sandhu','priya.sandhu','priya.sandhu63@post.example','Teddy_puddle','2018-12-18 17:14:04','2020-01-08 12:56:07',1),
(65,'Quentin','Abara','abaraq','quentin.abara64@family.example','monkey','2017-05-17 13:58:00','2020-09-16 12:11:35',1),
(66,'Rosa','Hollins','rosa125','rosa.hollins65@mail.example','Pickle99_','2018-10-08 10:54:55','2020-09-17 10:40:07',1),
(67,'Sam','O\'Hara','sam.ohara','sam.ohara66@mail.example','Marmalade13.','2016-05-03 13:59:28','2020-08-16 17:16:33',1),
(68,'Tomasz','Varley','varleyt','tomasz.varley67@post.example','rosieGruffle3','2019-03-10 08:34:44','2020-01-23 08:38:07',1),
(69,'Una','Dunmore','una128','una.dunmore68@family.example','noodleBramley54','2016-04-27 07:48:31','2020-07-23 09:29:26',1),
(70,'Viktor','Kowal','viktor.kowal','viktor.kowal69@family.example','Custard37!','2015-06-20 07:31:28','2020-07-27 12:17:35',1),
(71,'Wendy','Rushworth','rushworthw','wendy.rushworth70@family.example','Teddy.willow','2015-05-05 13:15:21','2020-01-14 12:48:02',1),
(72,'Yusuf','Zielinski','yusuf131','yusuf.zielinski71@post.example','tractorBramley42','2018-05-08 18:06:02','2020-07-03 15:34:50',1),
(73,'Aisha','Hollins','aisha.hollins','aisha.hollins72@post.example','Biscuit.2013','2018-11-05 16:04:00','2020-08-11 06:22:09',1),
(74,'Ben','O\'Hara','oharab','ben.ohara73@post.example','iloveyou','2016-06-13 18:03:35','2020-10-28 11:43:00',1),
(75,'Carys','Varley','carys134','carys.varley74@family.example','Biscuit.marmalade','2012-10-22 14:41:19','2014-01-01 06:18:30',0),
(76,'Daniel','Dunmore','daniel.dunmore','daniel.dunmore75@post.example','Teddy.tractor','2016-07-06 08:14:23','2020-08-26 15:11:47',1),
(77,'Eleri','Kowal','kowale','eleri.kowal76@mail.example','Pickle_hopscotch','2016-06-11 07:17:44','2020-01-06 18:02:00',1),
(78,'Femi','Rushworth','femi137','femi.rushworth77@post.example','femi1371','2016-04-21 11:38:20','2020-10-27 17:36:40',1),
(79,'Grace','Zielinski','grace.zielinski','grace.zielinski78@family.example','willowTeddy94','2017-04-14 19:00:10','2020-12-10 10:22:09',1),
(80,'Harriet','Garlick','garlickh','harriet.garlick79@post.example','bramleyOtter34','2016-10-16 18:14:30','2020-06-08 08:59:07',1),
(81,'Imran','Nettleship','imran140','imran.nettleship80@post.example','Bramley.willow','2017-11-04 07:35:37','2020-01-16 18:00:08',1),
(82,'Joanna','Underhay','joanna.underhay','joanna.underhay81@post.example','Tractormarmalade','2019-10-22 16:07:44','2020-03-18 19:30:46',1),
(83,'Kwame','Cartmel','cartmelk','kwame.cartmel82@post.example','Noodle_2011','2015-04-24 18:14:28','2020-05-19 19:33:39',1),
(84,'Laura','Jessop','laura143','laura.jessop83@family.example','Pebble2011','2018-07-12 14:14:00','2020-09-11 18:03:58',1),
(85,'Mei','Quayle','mei.quayle','mei.quayle84@post.example','password','2018-12-01 17:18:12','2020-07-15 14:52:57',1),
(86,'Niamh','Yardley','yardleyn','niamh.yardley85@mail.example','Willow_custard','2018-11-10 16:23:49','2020-01-07 14:21:40',1),
(87,'Oliver','Fenwright','oliver146','oliver.fenwright86@post.example','Biscuitpebble','2018-12-06 08:15:00','2020-10-09 11:58:37',1),
(88,'Priya','Marchbank','priya.marchbank','priya.marchbank87@family.example','Hopscotch72','2016-03-25 07:00:38','2020-11-19 12:47:26',1),
(89,'Quentin','Thistlewood','thistlewoodq','quentin.thistlewood88@mail.example','Marmalade2019','2017-01-28 15:32:19','2020-05-21 17:35:50',1),
(90,'Rosa','Bellweather','rosa149','rosa.bellweather89@mail.example','Hopscotchpebble','2012-04-16 16:02:50','2016-04-24 08:09:55',0),
(91,'Sam','Iqbal','sam.iqbal','sam.iqbal90@mail.example','pickleCustard22','2019-06-23 10:03:05','2020-12-03 11:54:17',1),
(92,'Tomasz','Pemberley','pemberleyt','tomasz.pemberley91@post.example','Custard32_','2018-12-09 10:22:05','2020-08-09 13:12:06',1),
(93,'Una','Whitcombe','una152','una.whitcombe92@post.example','Puddle32.','2016-05-03 10:09:41','2020-02-24 09:49:44',1),
(94,'Viktor','Eastwick','viktor.eastwick','viktor.eastwick93@post.example','qwerty','2017-05-24 09:21:26','2020-02-24 08:29:55',1),
(95,'Wendy','Lambourne','lambournew','wendy.lambourne94@post.example','Puddle19','2016-03-08 12:20:23','2020-02-26 12:00:46',1),
(96,'Yusuf','Sandhu','yusuf155','yusuf.sandhu95@family.example','biscuitNoodle11','2015-11-21 16:54:11','2020-06-26 17:17:23',1),
(97,'Aisha','Bellweather','aisha.bellweather','aisha.bellweather96@post.example','Willow.2010','2016-10-12 19:26:52','2020-07-04 15:16:27',1),
(98,'Ben','Iqbal','iqbalb','ben.iqbal97@post.example','iqbalb1','2017-05-01 10:21:38','2020-11-06 12:50:50',1),
(99,'Carys','Pemberley','carys158','carys.pemberley98@family.example','Rosie24','2018-02-22 09:54:53','2020-10-02 14:39:27',1),
(100,'Daniel','Whitcombe','daniel.whitcombe','daniel.whitcombe99@mail.example','Pickle.2017','2018-07-21 18:56:12','2020-02-03 08:44:07',1),
(101,'Eleri','Eastwick','eastwicke','eleri.eastwick100@post.example','Rosie.2013','2016-02-15 13:08:21','2020-11-12 18:21:19',1),
(102,'Femi','Lambourne','femi161','femi.lambourne101@mail.example','Rosieteddy','2015-09-10 10:05:12','2020-07-06 12:02:10',1),
(103,'Grace','Sandhu','grace.sandhu','grace.sandhu102@family.example','puddleCustard68','2019-07-14 08:52:41','2020-10-07 08:18:27',1),
(104,'Harriet','Abara','abarah','harriet.abara103@family.example','Bramley83.','2019-11-08 11:43:04','2020-03-05 15:08:36',1),
(105,'Imran','Hollins','imran164','imran.hollins104@family.example','password','2013-02-27 18:40:55','2014-07-05 15:41:46',0),
(106,'Joanna','O\'Hara','joanna.ohara','joanna.ohara105@post.example','teddyMarmalade56','2018-04-13 16:53:20','2020-01-05 14:25:23',1),
(107,'Kwame','Varley','varleyk','kwame.varley106@mail.example','pebblePebble29','2018-02-17 07:18:12','2020-09-17 19:14:12',1),
(108,'Laura','Dunmore','laura167','laura.dunmore107@mail.example','Custard!otter','2018-06-08 19:57:32','2020-05-16 14:56:05',1),
(109,'Mei','Kowal','mei.kowal','mei.kowal108@mail.example','Pickle_pickle','2019-09-25 11:14:07','2020-07-17 08:19:12',1),
(110,'Niamh','Rushworth','rushworthn','niamh.rushworth109@post.example','Teddy_2017','2016-03-14 12:43:58','2020-08-19 12:01:51',1),
(111,'Oliver','Zielinski','oliver170','oliver.zielinski110@post.example','Hopscotch2010','2019-12-24 08:40:27','2020-07-08 09:50:57',1),
(112,'Priya','Garlick','priya.garlick','priya.garlick111@family.example','Otter2016','2018-08-22 18:01:16','2020-08-28 12:32:56',1),
(113,'Quentin','Nettleship','nettleshipq','quentin.nettleship112@post.example','Rosie.2018','2016-03-05 08:39:28','2020-06-27 13:41:17',1),
(114,'Rosa','Underhay','rosa173','rosa.underhay113@family.example','password','2017-10-26 09:15:10','2020-04-02 16:45:22',1),
(115,'Sam','Cartmel','sam.cartmel','sam.cartmel114@post.example','sproutTractor76','2018-01-28 11:55:58','2020-11-04 16:22:17',1),
(116,'Tomasz','Jessop','jessopt','tomasz.jessop115@mail.example','otterPickle10','2017-01-27 12:34:37','2020-02-22 13:30:08',1),
(117,'Una','Quayle','una176','una.quayle116@post.example','Otter!2014','2018-12-19 08:52:54','2020-12-09 17:06:05',1),
(118,'Viktor','Yardley','viktor.yardley','viktor.yardley117@post.example','viktor.yardley1','2018-02-22 18:12:30','2020-03-19 16:48:38',1),
(119,'Wendy','Fenwright','fenwrightw','wendy.fenwright118@mail.example','gruffleCustard38','2017-10-03 07:15:32','2020-03-20 08:31:23',1),
(120,'Yusuf','Marchbank','yusuf179','yusuf.marchbank119@mail.example','pebblePickle81','2012-10-14 17:03:03','2016-09-25 19:04:08',0);
/*!40000 ALTER TABLE `parents` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `res_users`
--

DROP TABLE IF EXISTS `res_users`;
CREATE TABLE `res_users` (
  `id` int(11) NOT NULL,
  `active` tinyint(1) DEFAULT 1,
  `login` varchar(120) NOT NULL,
  `password` varchar(160) DEFAULT NULL,
  `company_id` int(11) NOT NULL,
  `partner_id` int(11) NOT NULL,
  `write_date` datetime DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `res_users`
--

LOCK TABLES `res_users` WRITE;
/*!40000 ALTER TABLE `res_users` DISABLE KEYS */;
INSERT INTO `res_users` VALUES
(2,1,'admin','$pbkdf2-sha512$25000$K3Rba58G6K4Kxk5ue19sug$sgIiPnWkfFbG80mUEzvA5sOlIQe0/4X3IkpbvebW4etEk.BsdvLJ5dYUntV9uxMpuLq10e7wGDR4WKygZSFjkw',1,3,'2019-04-10 17:10:08'),
(3,1,'daniel.thistlewood@office.example','$pbkdf2-sha512$25000$rkUPBTGrgy028pL0CDhA0w$dVXDFUcn9W0rbcXVZv9fC3KAHuJ.wERW/WiomJe6gdo8L8uJWZIy2CKEFb3z6ZR/JqfcV7JVUMb9l3FFshUOvA',1,4,'2020-07-26 10:48:49'),
(4,1,'eleri.bellweather@office.example','$pbkdf2-sha512$25000$R9Qnh7fNWdtIrtC3mZeAhQ$vmnjCeeyzGEkOXcNAi80h6DLLzBpIyr6SOIJTiPIRhyW.f6fCgowvxTxEMfKECVxSSrFFmZZr7ge1zOYdPiHAg',1,5,'2019-05-26 11:11:37'),
(5,1,'femi.iqbal@office.example','$pbkdf2-sha512$25000$X8o5hQmN0uC0bk.Iq1qIZw$mHplzvdCN2ClzJca66/ONXdwzO5.HjaugcWFx/0SIAp2i9UC/GIJrpB7Dpfnu9K6joWWYx9ofULfKULCkcut7w',1,6,'2020-03-10 17:50:55'),
(6,1,'grace.pemberley@office.example','$pbkdf2-sha512$25000$xXvPpjjg7/eBMetqAbOAHA$NTlvClHTk2qgX1wDdJjxCvdpWAOIICzx6h0xj4tPwtL7fXAlp4.5agah5osVukYqRuP9dM1JMYJPwWryWFx0rw',1,7,'2019-11-07 11:40:21'),
(7,1,'harriet.whitcombe@office.example','$pbkdf2-sha512$25000$kKmUALcLr1BZp.szZdLiKQ$5qxqLEVSqA4zx3sL7Lmt1KSmHakIITvdEjC0unlW/mim4GUJWf5oiZEAadMdttNNxkKtSP8w6ouvxJnT1Uf1ZQ',1,8,'2020-12-27 13:38:24'),
(8,1,'imran.eastwick@office.example','$pbkdf2-sha512$25000$IyKf7GyyuVyQmhd..5acQQ$Rg8M/biN3hns37Zd2oIh/84XzPnZQkOlR9aREY/FqewSp9Xev8Z3ECWrnd.RSEtNtd8hZXV69rbT80aI8wKiIA',1,9,'2019-03-02 13:17:18'),
(9,1,'joanna.lambourne@office.example','$pbkdf2-sha512$25000$Cm0nHPKAKVzCz1nlkVGtuQ$mrOdZ2T2x0RSLU0vwOvoxbHi9Ieif8bN2LGgVY52TzEYD5C2s/DEogV.UC.hnnAALBprdK3QPm5iLwxsZjV22Q',1,10,'2020-05-20 10:36:43'),
(10,1,'kwame.sandhu@office.example','$pbkdf2-sha512$25000$dxqQRFikKoVQRLt264QG4w$Hlee/z6dLDVDF0bPGeA541765mFQauvd7VcdPZc9rgqI9rVVVlHwJn4Do3ecTSL.QYnvCpVF1NjRjpjPpxVrNg',1,11,'2020-06-16 07:21:12'),
(11,1,'laura.abara@office.example','$pbkdf2-sha512$25000$yR25IB8bmi.m6Eu.ZY1Ygg$qhAkkbjaunjiZTw2KZHRvWZj7PCaXkPXf0wTDq3zOcMXYSsC//hntRMJ0VcbVwwreEl1rR2GRMdwB3eyEmEJsg',1,12,'2019-02-15 12:55:14');
/*!40000 ALTER TABLE `res_users` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `sessions`
--

DROP TABLE IF EXISTS `sessions`;
CREATE TABLE `sessions` (
  `token` char(64) NOT NULL,
  `parent_id` int(11) NOT NULL,
  `ip` varchar(40) NOT NULL,
  `expires` datetime NOT NULL,
  PRIMARY KEY (`token`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `sessions`
--

LOCK TABLES `sessions` WRITE;
/*!40000 ALTER TABLE `sessions` DISABLE KEYS */;
INSERT INTO `sessions` VALUES
('e5a9356b39130345fbf077515bf1e08db46a443f0342999c0427a6b30abadc9e',1,'192.0.2.229','2021-10-03 17:24:26'),
('3073df1cbc7c4c8d46c4d786297525b14d2a37f61c955306e5c746347bb7e935',8,'192.0.2.90','2021-10-06 06:40:52'),
('2f7c46de18ee4db5f7ad063baaae1770338395a6e5b87ce53fe0fdda29f3f3a5',15,'192.0.2.18','2021-06-26 15:17:35'),
('243d3d607d12e32f2c5b042ebe29325099672c8f73665e08ae9cb1d8ce19b11f',22,'192.0.2.43','2021-08-03 12:37:35'),
('7f823c7d1413a8c74e213a9f094c74f3d81a29ffc978cf687076d1747613b367',29,'192.0.2.198','2021-03-20 06:42:37'),
('ec4d43c6396f06dd33d36d9bfad8985406578a042ebb565d575cfd2a726993c9',36,'192.0.2.38','2021-06-25 06:52:41'),
('3fdfc2074b8f8d6c3d390ebcea8d6f6ac6fc7a9fbeb4c0be5aa5766da475cdeb',43,'192.0.2.31','2021-09-23 13:15:57'),
('32da4cfdec0ad2f62813a32827cbdeb1f0143add66667290c38c17e99d5909dc',50,'192.0.2.19','2021-08-26 18:50:57'),
('f4d2d4e9e4b18b2f6058eca8512699412149c8314fd2d932d7880769ad66e405',57,'192.0.2.65','2021-11-16 11:49:33'),
('961af86207cb006ca3fbe2c84e63d43e8ab37b74fe1785d6c6666b10cb75c6c2',64,'192.0.2.50','2021-04-01 13:57:24'),
('b76fb58a60fdd77dd8447223d18785b5f1d794b224de44bca5b5c095a3e832ba',71,'192.0.2.2','2021-11-09 11:03:07'),
('165489e4cdb6b5aee01d24a4cdf70c6a726c2f2e5edeeb3dca54d27881e4076d',78,'192.0.2.31','2021-03-08 12:24:29'),
('f5a07cc437466c71cf11843735bbccaaee8262f6a7fa67e04f909c1affe42048',85,'192.0.2.170','2021-03-26 09:24:07'),
('4e3b5652b909c8ba67b883a91ce8aa0097d0224367ec0ea9860d97aa2d8699ca',92,'192.0.2.132','2021-03-22 14:06:24'),
('1fb5df27c93fcb36e0e11f43796e8374725298af631385621a9b88bb87fb2e05',99,'192.0.2.15','2021-03-09 13:54:20'),
('1238f7414ea93dfb60151b82aea15647a16c621269b0cefc7c4fa2c42cb42a6b',106,'192.0.2.193','2021-04-10 12:45:39'),
('af5238d0834857ea6ea42c992bb2f914f03fee2cb294c8283c95789e5a519ac3',113,'192.0.2.10','2021-12-01 06:34:08'),
('d0ce678546f1755fe4e2f28a6ea78c55ef7c9cfd963364e5c4983545f6d283d2',120,'192.0.2.23','2021-03-27 15:49:04'),
('fc89a3d435bb44d31c0f296f073e2f497617a5cca23a1f841706a1d34d76bca7',7,'192.0.2.160','2021-06-22 06:07:05'),
('fccc3ec78ce24b1cf4411591d96821dce326957252690f970cb93ccba05eac12',14,'192.0.2.19','2021-08-06 08:52:18'),
('eb312eda59823a2a3cfef8461dbdfaf948e7fe3a999494ef87cafcd40097c9dd',21,'192.0.2.112','2021-07-22 06:51:33'),
('873ab12fd1b795eafcf7f886f972afdadaa5292d45d43662d6965135d386ad17',28,'192.0.2.218','2021-09-25 17:49:31'),
('37e8a0229e1bfb3b6a8848f17b478a24b7f01fb46103e6d45651f53e36bc9216',35,'192.0.2.128','2021-01-15 19:53:08'),
('d2c7aee2671f2de6f3984198847714f5989f63a43b94373197a85315ad7198d4',42,'192.0.2.34','2021-02-18 12:36:01'),
('6a6dd66c01673cf169a9c95c64a14eb951ff7efa2e203dccabb12246b0bc19f2',49,'192.0.2.80','2021-09-03 06:07:31'),
('bc8e76c8cec9aaaca3dfe793a1fac8a1e8ab4bbc7207b618970f96baf95b3fea',56,'192.0.2.182','2021-06-05 15:33:10'),
('8e6de6cae4d5f8b3413aaf6e886ade6e8ca191a878586ddd28513a98df7fb37b',63,'192.0.2.232','2021-09-20 14:30:47'),
('707d0c6906aae867707c5906241f8490fd24c5d3f21721087999379c06739f24',70,'192.0.2.105','2021-02-10 08:19:38'),
('c4f2f108e043b80d8eba403c02fcdae44d7c05a92f1c539a0814dded2fb69530',77,'192.0.2.102','2021-07-21 13:08:53'),
('2e00bb29fcaaaafaa92857e7834393e76f79a6f1d37b068863efa0af73bf1524',84,'192.0.2.154','2021-05-13 14:54:26'),
('8ec210eebe7b28137c780b4cd3b9cce33a60cd80f7ac48e995740860f0524921',91,'192.0.2.103','2021-06-07 16:57:27'),
('dd2e76bba367c4cb27ddde95a74767cc254b0201250f626611a119dfe652268d',98,'192.0.2.61','2021-05-11 14:17:43'),
('fc1b05d01d6f43ae49e62ce80bdaa5135b35bf2b02cef85e8b748c379535ee01',105,'192.0.2.218','2021-07-04 07:03:36'),
('c6113815d25d5425a3bd0ec8a772e1d0edc0688352dd46eed63aed7578472191',112,'192.0.2.63','2021-08-04 06:35:28'),
('87b4d5816a7809f8790516f501ac630e2649b4226ebc90a45a7ba936b697b7b3',119,'192.0.2.133','2021-05-04 13:30:47'),
('0d7afc40688f24b3ea1e4a5332d29aef92e9fe170cfb18c89240232a74d0dce4',6,'192.0.2.90','2021-03-23 07:50:36'),
('631717d608dd41e0100af684cd95a8a6b64de9076cd59809da90845a3e006bce',13,'192.0.2.202','2021-12-22 13:29:08'),
('d5b1b3eaa858d12585bbd7bab25d5c5fbda1edec99e67912797954cf40853365',20,'192.0.2.159','2021-07-27 15:21:01'),
('5b30fd61c57d43216e364c420612a7c8db0a244947c30e4fb43a4eb431772bf8',27,'192.0.2.246','2021-05-21 06:21:35'),
('596c7be76b1a291d866bc19da3e792eecbc31c11a70547daceaed303df6a71b8',34,'192.0.2.188','2021-01-01 11:35:36'),
('3bf15c007182e96b192f1a167ca9f43863cfb274341f13c8367c9b19e864396d',41,'192.0.2.52','2021-03-17 19:01:13'),
('a6c0964afeb375af99aceac0613764080af83364028be4ace99b11dbb3bfe7bc',48,'192.0.2.19','2021-11-25 06:23:14'),
('cb9a910b7d4d1f0938b2e4a228309d3405c16ae63caf9df8674ff4496ec0185f',55,'192.0.2.189','2021-03-25 16:18:03'),
('ac1e0539daf1f3b64526e29855b842ea54ed0d7df749a4e6fcbdaf1bff148b9a',62,'192.0.2.58','2021-09-08 06:29:01'),
('cc8bdcc28b4eff0e6f591a5879f9db9d7c94ef3b51059f013859c6241f758595',69,'192.0.2.129','2021-07-26 09:10:34'),
('5400cff406cc914de0c75c6f983da0ee2e79e3a064c0bd1bc9b70825d81ed437',76,'192.0.2.3','2021-09-22 06:53:07'),
('a0ce293ba5836637747df14d215d7b425b7d63693b4cfade198014887ed189f6',83,'192.0.2.116','2021-10-21 06:24:47'),
('3dc69242dd11290590343f929d95355871a78dcdbc8e2406d4bf12ef7ec42522',90,'192.0.2.155','2021-04-03 13:01:11'),
('6cac43fd211b9fa998d22ef034684bc74d466d8e8589f01b5b527c33a2e9d000',97,'192.0.2.170','2021-07-24 07:52:00'),
('3beecaa9bc3501b46540a388c6314c01ccfe50b6a19569ee2080b07ad042d894',104,'192.0.2.106','2021-02-15 17:17:37'),
('ede186beeca959ef2a6199eba440ed39e73cd35464bfc8a31756b27255e52421',111,'192.0.2.44','2021-03-12 16:33:22'),
('ab3cf7729c727988a3bd6c26a5eb771165326189a96936e9a32d66082223034a',118,'192.0.2.20','2021-06-21 09:11:15'),
('d344014c831171faecf5ebafdb45f392536f31ba1e5556f399c53ff027f806c2',5,'192.0.2.25','2021-05-03 18:20:14'),
('bba23c63d0b2de87571c3ece8d1540f1ccdd55fdcb93399958b2f5a9fcd567e2',12,'192.0.2.158','2021-03-25 13:09:39'),
('d98a7fbda442a70eea641d80186d0dc54b678ea60e1929d12a2ce58e11d2209e',19,'192.0.2.110','2021-06-03 14:07:56'),
('cf182c6beb31e7687bfb603d9db864efc6da9527ada8489b0f6bd9f8cc128e69',26,'192.0.2.217','2021-03-19 09:31:10'),
('b308889cd1e9cc07c999102d5eb96aadfd210b1024a476c4b867f744aceb3766',33,'192.0.2.177','2021-12-09 06:46:16'),
('cb49e158ddf72885fc15e3606b56bef0c4e618f842061614f9cd206cbecabbf9',40,'192.0.2.99','2021-01-05 09:19:10'),
('511ac2dd31b2249358587d79621924e6a5a5617fa7931372df32d6a5c4a87a77',47,'192.0.2.45','2021-04-03 17:20:17'),
('e041f332309faa0abddacbabaaa1dae734262c61d5456284f8355e93a1344c07',54,'192.0.2.8','2021-01-09 06:24:12');
/*!40000 ALTER TABLE `sessions` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `staff`
--

DROP TABLE IF EXISTS `staff`;
CREATE TABLE `staff` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `login` varchar(40) NOT NULL,
  `email` varchar(120) NOT NULL,
  `name` varchar(120) NOT NULL,
  `password` varchar(100) NOT NULL,
  `role` varchar(20) NOT NULL,
  `password_changed` datetime NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

--
-- Dumping data for table `staff`
--

LOCK TABLES `staff` WRITE;
/*!40000 ALTER TABLE `staff` DISABLE KEYS */;
INSERT INTO `staff` VALUES
(1,'uunderhay','uunderhay@nurserywatch.example','Una Underhay','22abaf0ab414846ba247aba7edf4baf538520ed4','support','2014-04-20 17:11:45'),
(2,'vcartmel','vcartmel@nurserywatch.example','Viktor Cartmel','b1b3773a05c0ed0176787a4f1574ff0075f7521e','support','2014-11-07 14:20:11'),
(3,'wjessop','wjessop@nurserywatch.example','Wendy Jessop','cc79efa49a936b47cfd2c92b0504742230a608d5','admin','2014-09-06 16:53:42'),
(4,'yquayle','yquayle@nurserywatch.example','Yusuf Quayle','08c37701d8d2beee633eff9621c90d1cea933009','support','2013-02-24 18:25:04'),
(5,'azielinski','azielinski@nurserywatch.example','Aisha Zielinski','92029661cfa5ed7eee20843956319861784e0490','support','2013-09-21 07:05:34'),
(6,'bgarlick','bgarlick@nurserywatch.example','Ben Garlick','fecbc9018974164d499d1009dd8b43968954d054','support','2014-12-25 13:45:47'),
(7,'cnettleship','cnettleship@nurserywatch.example','Carys Nettleship','ee8d8728f435fd550f83852aabab5234ce1da528','support','2013-08-27 07:36:00'),
(8,'dunderhay','dunderhay@nurserywatch.example','Daniel Underhay','2cc00de31b3578d1cfbe1d209e35fad77a3249a5','support','2013-02-22 15:24:25'),
(9,'ecartmel','ecartmel@nurserywatch.example','Eleri Cartmel','f96c643131bcc977c28fc1cd9c45ee7c742d7182','support','2014-08-26 16:49:05'),
(10,'fjessop','fjessop@nurserywatch.example','Femi Jessop','1e801486e3280b808035e71b6a9a364a82568ac0','support','2013-12-24 06:19:57'),
(11,'gquayle','gquayle@nurserywatch.example','Grace Quayle','b5f250a8f358ce44dc26c287de7b2b10f5fa167b','support','2013-03-05 12:31:27'),
(12,'hyardley','hyardley@nurserywatch.example','Harriet Yardley','b1b3773a05c0ed0176787a4f1574ff0075f7521e','support','2013-08-24 14:48:26'),
(13,'ifenwright','ifenwright@nurserywatch.example','Imran Fenwright','$2y$10$9T1i21FgkFDY9S/cypNQhOWEUD2pIemMnjRDDuP3.AjJMa.m4X6Ny','admin','2020-08-08 06:18:16'),
(14,'jmarchbank','jmarchbank@nurserywatch.example','Joanna Marchbank','$2y$10$2Dfi68QpHzDRDfz0A6mbmOP7PhP.a/K/HYwBQ3L5X8cDzpz7m621G','support','2019-05-25 10:31:29'),
(15,'kthistlewood','kthistlewood@nurserywatch.example','Kwame Thistlewood','$2y$10$qJG4CH3DkYuTXq0I.LelMezBrGNXsIl5NVpsAdefggrJ58O3RpLS6','support','2019-09-05 17:57:45'),
(16,'lbellweather','lbellweather@nurserywatch.example','Laura Bellweather','$2y$10$S6eUQ3ggBkRPtC1OOJhHbuswoklXAObTMq9hV/5j7QbLTIato4GyW','support','2019-10-02 17:13:07'),
(17,'miqbal','miqbal@nurserywatch.example','Mei Iqbal','$2y$10$iZivpamWps7423zb8DQlo.SlBxad742I8Nug7kIvoxcLfiJgI/TFi','support','2020-08-27 07:51:52'),
(18,'npemberley','npemberley@nurserywatch.example','Niamh Pemberley','$2y$10$0F4itPiuCIHDUiy.8M6Cb.pQ0Vl8/W41mRqCULQ2pQKeP34QizEoS','support','2019-10-17 13:59:03'),
(19,'owhitcombe','owhitcombe@nurserywatch.example','Oliver Whitcombe','$2y$10$cog5kH0P9NRqVlBgaD9nTe5D6f/F319n2rMBF7/bM.1p0bkhcB/sG','support','2019-04-15 10:20:43'),
(20,'peastwick','peastwick@nurserywatch.example','Priya Eastwick','$2y$10$ohG4eVN5cqZ5Oo01VF/BuOKK8VCfg5kdjGVzU0yuEVKetS0LYBIxu','support','2020-03-06 06:48:58'),
(21,'qlambourne','qlambourne@nurserywatch.example','Quentin Lambourne','$2y$10$ZP/aoUZdDNmK07z.HlXw9enqWdqfyMWQ9tM/cdj0rynqnEx0mJYv.','support','2019-11-22 17:06:45'),
(22,'rsandhu','rsandhu@nurserywatch.example','Rosa Sandhu','$2y$10$61Pbs2PX2xbob3UgBFshsOXSlVEuJsFKoWzSbmbB/YEAMAKEfdUXK','support','2019-10-25 19:05:07'),
(23,'sabara','sabara@nurserywatch.example','Sam Abara','$2y$10$oGr/eSqe5cJlYRwXkJDKx.WSf9F7F76RPZ88oisxowNlf.H6fWI72','support','2020-09-23 18:24:07'),
(24,'thollins','thollins@nurserywatch.example','Tomasz Hollins','$2y$10$sDb4ERnTvXZiSjShSfyoNeC/tXbUZVcfEnLFq3DWpwoGNqkd9sJGy','support','2019-03-06 14:05:14');
/*!40000 ALTER TABLE `staff` ENABLE KEYS */;
UNLOCK TABLES;

/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
-- Dump completed on 2021-02-19 17:18:00

"""dataDiff on a server: the anomaly has its message, its count and the records that differ."""
# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from server import Scratch  # noqa: E402

OURS = "id,name\n1,ann\n2,bob\n3,cyd\n4,dan\n"
THEIRS = "id,name\n1,ann\n2,bert\n4,dan\n5,eve\n"


class DataDiffTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = Scratch()
        cls.addClassCleanup(cls.scratch.close)
        cls.role, cls.api = cls.scratch.serve()
        cls.containers, cls.datastores = {}, {}
        for name, text in (("ours", OURS), ("theirs", THEIRS)):
            folder = cls.scratch.folder / name
            folder.mkdir()
            (folder / f"{name}.csv").write_text(text)
            cls.datastores[name] = datastore = cls.api.datastore(name, {"type": "file", "uri": f"file://{folder}"}, root_path="/")
            assert cls.api.run("sync", datastore)["result"] == "success"
            assert cls.api.run("profile", datastore, ai_effort="off")["result"] == "success"
            cls.containers[name] = cls.api.call("GET", "/containers/listing", datastore=datastore)[0]["id"]

    def anomalies(self, rule, fields, **properties):
        """What a scan finds with one check."""
        check = self.api.call("POST", "/quality-checks", {"container_id": self.containers["ours"], "fields": fields, "description": rule, "rule": rule,
                                                          "properties": properties})["id"]
        self.addCleanup(self.api.call, "DELETE", f"/quality-checks/{check}", archive="false", delete_anomalies="true")
        run = self.api.run("scan", self.datastores["ours"])
        self.assertEqual(run["result"], "success", run)
        return self.api.items("/anomalies", quality_check=check)

    def differences(self, rule, **more):
        return self.anomalies(rule, ["id", "name"], ref_container_id=self.containers["theirs"], ref_datastore_id=self.datastores["theirs"], **more)

    def test_records_that_differ(self):
        [anomaly] = self.differences("dataDiff", id_field_names=["id"])
        self.assertEqual((anomaly["type"], anomaly["anomalous_records_count"], anomaly["record"]), ("shape", 3, None))
        self.assertRegex(anomaly["failed_checks"][0]["message"], "^There are 3 records that differ between `ours.csv` .* and `theirs.csv`")
        # by hand: bob begins at byte 14, cyd at 20; eve is theirs alone and has no place in ours
        places = [(record["file"].rsplit("/", 1)[1], record["row"], record["line"], record["byte_offset"], record["message"]) for record in anomaly["records"]]
        self.assertEqual(places, [("ours.csv", 2, 3, 14, "{id: 2}: `name` is 'bob', in the reference 'bert'"),
                                  ("ours.csv", 3, 4, 20, "not in the reference: {id: 3, name: 'cyd'}")])
        self.assertEqual(self.api.call("GET", f"/anomalies/{anomaly['id']}")["records"], anomaly["records"])

    def test_whole_records(self):
        [anomaly] = self.differences("isReplicaOf")
        self.assertEqual([(record["row"], record["message"]) for record in anomaly["records"]],
                         [(2, "not in the reference: {id: 2, name: 'bob'}"), (3, "not in the reference: {id: 3, name: 'cyd'}")])

    def test_others_name_none(self):
        [anomaly] = self.anomalies("lessThan", ["id"], value=4)
        self.assertEqual((anomaly["type"], anomaly["record"]["id"], anomaly["records"]), ("record", 4, None))


if __name__ == "__main__":
    unittest.main()
